import { clientFor } from "./clients.ts";
const child = new Deno.Command("strace",{args:["-f","-c","-o",`/tmp/w/st.${Deno.args[0]}`,"deno","run","-A","--unstable-net","tmp_prof_srv.ts",Deno.args[0]],stdout:"piped"}).spawn();
const r = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
const reach = JSON.parse((await r.read()).value!);
const client = clientFor("tls", reach);
for (let i=0;i<400;i++){const c=await client.connect(); const s=await c.open(); await s.write(new Uint8Array([1])); await s.read(new Uint8Array(1)); c.close();}
await child.status; Deno.exit(0);
