import "./peers/main.ts";
setTimeout(() => Deno.exit(0), 5000);
