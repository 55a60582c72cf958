import { formatNodeId } from "@alknet/core";

import type { Reach } from "../core/peer_process.ts";
import { Program } from "../program.ts";
import { TOKEN } from "./bodies.ts";
import type { Subject, SubjectName } from "./load.ts";
import { startNginx } from "./nginx.ts";

const PLAIN = { small: "/small", large: "/large" };
const OPERATIONS = { small: "/op/bench/small", large: "/op/bench/large" };

/** Starts a server on Deno. */
export function startServer(
  name: Exclude<SubjectName, "nginx">,
): Promise<Program<Reach>> {
  return Program.start<Reach>(new URL("server.ts", import.meta.url), name);
}

/** Starts every server in a process of its own; they end with the stack. */
export async function startSubjects(
  names: readonly SubjectName[],
  stack: AsyncDisposableStack,
): Promise<Subject[]> {
  return await Promise.all(names.map(async (name): Promise<Subject> => {
    if (name === "nginx") {
      const { pid, port } = stack.use(await startNginx());
      return { name, pid, port, paths: PLAIN, headers: {} };
    }
    const { pid, reach: { id, port } } = stack.use(await startServer(name));
    return {
      name,
      pid,
      port,
      target: name === "deno"
        ? undefined
        : `${formatNodeId(Uint8Array.fromHex(id))}@127.0.0.1:${port}`,
      paths: name === "gateway" ? OPERATIONS : PLAIN,
      headers: name === "gateway" ? { authorization: `Bearer ${TOKEN}` } : {},
    };
  }));
}
