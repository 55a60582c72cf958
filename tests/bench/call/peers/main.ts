/**
 * One end of a peer as a process of its own: `main.ts <peer> serve` prints where it is, and
 * `main.ts <peer> connect <reach>` obeys commands, a line of JSON each.
 */
import process from "node:process";
import { createInterface } from "node:readline";

import type { Command, RpcPeer } from "../rpc.ts";
import { run } from "./drive.ts";

const LOAD: Readonly<Record<string, () => Promise<RpcPeer>>> = {
  "quic": async () => (await import("./ours.ts")).ours("quic"),
  "tls": async () => (await import("./ours.ts")).ours("tls"),
  "grpc": async () => (await import("./grpc.ts")).grpcPeer,
  "nats": async () => (await import("./nats.ts")).natsPeer,
};

const [name = "", role, reach = "{}"] = process.argv.slice(2);
const peer = await LOAD[name]?.();
if (!peer) throw new RangeError(`No peer "${name}"`);
if (role === "serve") answer(await peer.serve());
else {
  const client = await peer.connect(JSON.parse(reach));
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const command: Command = JSON.parse(line);
    answer(await run(client, command));
  }
}

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
