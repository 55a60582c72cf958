/** Many workers in one process: each with a key, a connection and one operation. */
import { ALPN, connectCall } from "@alknet/call";
import { dial } from "@alknet/client";
import { type Connection, generateNodeKey, keyFingerprint, type NodeKey } from "@alknet/core";
import { ANYONE, operation, OperationRegistry } from "@alknet/operations";

import { discovery } from "../../../src/cli/node/operations/discovery.ts";

/** The operation of each. */
export const WORK = "work/echo";

const DIALS_AT_ONCE = 16;

async function main(count: number): Promise<void> {
  const keys = await Promise.all(Array.from({ length: count }, () => generateNodeKey()));
  print(JSON.stringify(keys.map(({ publicKey }) => keyFingerprint(publicKey))));
  const registry = new OperationRegistry();
  registry.register([
    ...discovery(registry, {}),
    operation({
      name: WORK,
      type: "query",
      input: { type: "string" },
      access: ANYONE,
      handler: (text) => text,
    }),
  ]);
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  const { target, transport } = JSON.parse((await lines.read()).value ?? "{}");
  const connections: Connection[] = [];
  const left = [...keys];
  const attach = async (): Promise<void> => {
    for (let key = left.pop(); key; key = left.pop()) {
      connections.push(await attachOne(key, { target, transport, registry }));
    }
  };
  await Promise.all(Array.from({ length: DIALS_AT_ONCE }, attach));
  await lines.read(); // until the head is done
  for (const conn of connections) conn.close();
  Deno.exit();
}

async function attachOne(
  key: NodeKey,
  { target, transport, registry }: {
    readonly target: string;
    readonly transport: "quic" | "tls";
    readonly registry: OperationRegistry;
  },
): Promise<Connection> {
  const conn = await dial(target, { alpn: ALPN, identity: key, transports: [transport] });
  connectCall(conn, { dispatcher: registry });
  return conn;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) await main(Number(Deno.args[0] ?? 1));
