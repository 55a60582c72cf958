import { strictEqual } from "node:assert/strict";

import type { Command, Outcome, RpcClient } from "../rpc.ts";

const TEXT = "x".repeat(100);

/** Does what a command says. */
export function run(client: RpcClient, command: Command): Promise<Outcome> {
  return command.kind === "calls" ? calls(client, command) : items(client, command);
}

/** So many loops, each of which calls again when it has its answer. */
async function calls(
  client: RpcClient,
  { concurrency, durationMs }: Extract<Command, { kind: "calls" }>,
): Promise<Outcome> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + durationMs;
  const loop = async (): Promise<void> => {
    for (let from = performance.now(); from < endAt;) {
      strictEqual((await client.call(TEXT)).length, TEXT.length);
      const now = performance.now();
      latencies.push(now - from);
      from = now;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  const seconds = (performance.now() - startedAt) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  return { ops: sorted.length, seconds, p50: at(sorted, 0.5), p99: at(sorted, 0.99) };
}

/** Takes items, with a pause every so often where the consumer is to be slow. */
async function items(
  client: RpcClient,
  { bytes, pauseEveryMs, durationMs }: Extract<Command, { kind: "items" }>,
): Promise<Outcome> {
  if (!client.subscribe) throw new TypeError("Peer has no subscriptions");
  const startedAt = performance.now();
  let ops = 0;
  for await (const _ of client.subscribe(bytes)) {
    ops++;
    if (pauseEveryMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseEveryMs));
    if (performance.now() - startedAt > durationMs) break;
  }
  return { ops, seconds: (performance.now() - startedAt) / 1000, p50: NaN, p99: NaN };
}

function at(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
