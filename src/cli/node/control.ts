import { makePrivateDirectory } from "../paths.ts";
import { dirname } from "node:path";
import { getLogger } from "@logtape/logtape";
import { CliError, ExitCode } from "../errors.ts";

/** What a running node does for commands on the same machine, by name. */
export type ControlOperations = Readonly<
  Record<string, (argument?: string) => Promise<unknown>>
>;

const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_REQUEST_BYTES = 4_096;
const TIMEOUT_MS = 5_000;

const log = getLogger(["alknet", "control"]);

/**
 * Answers on a Unix socket that only the node's user can reach: one JSON line asks, one answers.
 *
 * @throws {CliError} When another node is running on the same socket.
 */
export async function serveControl(
  path: string,
  operations: ControlOperations,
): Promise<AsyncDisposable> {
  await makePrivateDirectory(dirname(path));
  await removeDead(path);
  const listener = Deno.listen({ transport: "unix", path });
  await Deno.chmod(path, 0o600);
  const accepting = acceptAll(listener, operations);
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      await accepting;
      await Deno.remove(path).catch(() => {});
    },
  };
}

/**
 * Asks the running node.
 *
 * @throws {CliError} When no node runs here, or it says no.
 */
export async function askNode(
  path: string,
  operation: string,
  argument?: string,
): Promise<unknown> {
  using conn = await connect(path);
  await writeLine(conn, { operation, argument });
  const line = await readLine(conn, MAX_LINE_BYTES);
  const answer: unknown = JSON.parse(line);
  if (isRecord(answer) && "result" in answer) return answer.result;
  const detail = isRecord(answer) && typeof answer.error === "string" ? answer.error : "no answer";
  throw new CliError(`The node refused: ${detail}`, ExitCode.Failed);
}

/** Whether a node runs here. */
export async function isRunning(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false; // no socket, or nobody behind it
  }
}

async function connect(path: string): Promise<Deno.Conn> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    throw new CliError(`No node is running here: start one with "alknet serve"`, 6, {
      cause: error,
    });
  }
}

async function removeDead(path: string): Promise<void> {
  if (await isRunning(path)) {
    throw new CliError(
      `A node is already running here (${path}): stop it, or set another ALKNET_HOME`,
      ExitCode.Unavailable,
    );
  }
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function acceptAll(listener: Deno.Listener, operations: ControlOperations): Promise<void> {
  for await (const conn of listener) {
    answer(conn, operations).catch((error) => log.debug("control.failed", { error }));
  }
}

async function answer(conn: Deno.Conn, operations: ControlOperations): Promise<void> {
  using _ = conn;
  const timer = setTimeout(() => conn.close(), TIMEOUT_MS);
  try {
    const request: unknown = JSON.parse(await readLine(conn, MAX_REQUEST_BYTES));
    const name = isRecord(request) ? String(request.operation) : "";
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (!operation) return await writeLine(conn, { error: `unknown operation "${name}"` });
    const argument = isRecord(request) && typeof request.argument === "string"
      ? request.argument
      : undefined;
    await writeLine(conn, await resultOf(() => operation(argument)));
  } finally {
    clearTimeout(timer);
  }
}

async function resultOf(operation: () => Promise<unknown>): Promise<unknown> {
  try {
    return { result: await operation() ?? null };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function writeLine(conn: Deno.Conn, value: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(value) + "\n");
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

async function readLine(conn: Deno.Conn, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let line = "";
  while (!line.includes("\n")) {
    const count = await conn.read(buffer);
    if (count === null || line.length > maxBytes) break;
    line += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return line;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
