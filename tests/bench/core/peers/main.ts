/** A peer as a process of its own: `main.ts <name>` prints its port and its anchor as JSON. */
import { trustAnchor } from "@alknet/core";

import { benchKey } from "./key.ts";
import { startHttp, startRawHttp } from "./http.ts";
import { startOurs } from "./ours.ts";
import { startRawDenoTls } from "./raw_deno_tls.ts";
import { startRawNodeTls } from "./raw_node_tls.ts";
import { startRawQuic } from "./raw_quic.ts";

const PEERS: Readonly<Record<string, () => Promise<number>>> = {
  "ours": startOurs,
  "raw-quic": startRawQuic,
  "raw-node-tls": startRawNodeTls,
  "raw-deno-tls": startRawDenoTls,
  "http": startHttp,
  "raw-http": startRawHttp,
};

const { publicKey } = await benchKey();
const port = await PEERS[Deno.args[0] ?? ""]?.();
const ready = JSON.stringify({ port, anchor: trustAnchor(publicKey), id: publicKey.toHex() });
await Deno.stdout.write(new TextEncoder().encode(`${ready}\n`));
