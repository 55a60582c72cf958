import { type Machine, type Outcome, runProgram, type ServingNode } from "./cli.ts";

/** A node that serves HTTP as "localhost", asked by curl as a person would. */
export interface WebNode {
  readonly machine: Machine;
  readonly node: ServingNode;
  /** A token that may do what it was made for. */
  readonly token: string;
  /** The file by which programs verify the node. */
  readonly ca: string;
  readonly origin: string;
  /** Runs curl with the node's anchor; "/path" stands for the node's URL. */
  curl(...args: readonly string[]): Promise<Outcome>;
}

/** Starts a node on a machine. */
export async function serveWeb(
  machine: Machine,
  started: AsyncDisposableStack,
  { http = "", scopes = ["node:read"] }: { http?: string; scopes?: readonly string[] } = {},
): Promise<WebNode> {
  await machine.write("alknet.toml", `[node]\nnames = ["localhost"]\n[http]\n${http}\n`);
  const node = started.use(await machine.serve());
  const ca = await machine.write("ca.pem", (await machine.alknet("id", "--ca")).out);
  const flags = scopes.flatMap((scope) => ["--scope", scope]);
  const { token } = await machine.json<{ token: string }>("token", "create", "ci", ...flags);
  const origin = `https://localhost:${node.port}`;
  return {
    machine,
    node,
    token,
    ca,
    origin,
    curl: (...args) =>
      runProgram("curl", [
        ...["-sS", "--max-time", "20", "--noproxy", "*", "--cacert", ca],
        ...args.map((arg) => arg.startsWith("/") ? origin + arg : arg),
      ]),
  };
}
