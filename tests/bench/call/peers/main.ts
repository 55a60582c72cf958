/** One end of a peer as a process of its own: `main.ts <peer> serve`, `main.ts <peer> connect …`. */
import type { RpcPeer } from "../rpc.ts";
import { play } from "./play.ts";

const LOAD: Readonly<Record<string, () => Promise<RpcPeer>>> = {
  "quic": async () => (await import("./ours.ts")).ours("quic"),
  "tls": async () => (await import("./ours.ts")).ours("tls"),
  "grpc": async () => (await import("./grpc.ts")).grpcPeer,
  "nats": async () => (await import("./nats.ts")).natsPeer,
};

const name = Deno.args[0] ?? "";
const peer = await LOAD[name]?.();
if (!peer) throw new RangeError(`No peer "${name}"`);
await play(peer);
