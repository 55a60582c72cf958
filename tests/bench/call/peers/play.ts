import process from "node:process";
import { createInterface } from "node:readline";

import type { Command, RpcPeer } from "../rpc.ts";
import { run } from "./drive.ts";

/**
 * Plays one end of a peer, as the program's last arguments say: `serve` prints where it is;
 * `connect <reach>` obeys commands, a line of JSON each.
 */
export async function play(peer: RpcPeer): Promise<void> {
  const at = process.argv.findLastIndex((each) => each === "serve" || each === "connect");
  if (process.argv[at] === "serve") return answer(await peer.serve());
  const client = await peer.connect(JSON.parse(process.argv[at + 1] ?? "{}"));
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const command: Command = JSON.parse(line);
    answer(await run(client, command));
  }
}

function answer(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
