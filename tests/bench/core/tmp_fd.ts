import { clientFor } from "./clients.ts";
import { PeerProcess } from "./peer_process.ts";
const n=(p:number|string)=>[...Deno.readDirSync(`/proc/${p}/fd`)].length;
for (const name of ["ours","raw-node-tls","raw-deno-tls"] as const) {
  await using peer = await PeerProcess.start(name);
  const client = clientFor("tls", peer.reach);
  for (let i=0;i<500;i++) (await client.connect()).close();
  console.log(name, "client", n("self"), "server", n(peer.pid));
  await new Promise(r=>setTimeout(r,3000));
  console.log(name, "client", n("self"), "server", n(peer.pid));
}
Deno.exit(0);
