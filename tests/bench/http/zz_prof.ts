import "./server.ts";
setTimeout(() => Deno.exit(0), Number(Deno.env.get("PROF_MS") ?? 12000));
