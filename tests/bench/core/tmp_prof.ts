import { clientFor } from "./clients.ts";
import { SCENARIOS } from "./scenarios.ts";
const [transport, pat, peerName = "ours"] = Deno.args;
const child = new Deno.Command("deno", {
  args: [
    "run",
    "-A",
    "--unstable-net",
    "--cpu-prof",
    "--cpu-prof-dir=/tmp/w/prof",
    "tmp_prof_srv.ts",
    peerName,
  ],
  stdout: "piped",
}).spawn();
const r = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
const reach = JSON.parse((await r.read()).value!);
const client = clientFor(transport as any, reach);
const sc = SCENARIOS.find((s) => s.name.includes(pat))!;
const s = await sc.run(client, { cpuMs: () => 0 } as any, transport as any, 3000);
console.log(sc.name, s.value);
client.close();
await child.status;
Deno.exit(0);
