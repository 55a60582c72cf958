import { dirname } from "node:path";

import { AgentSocketError } from "./agent_errors.ts";

/**
 * Listens on a Unix socket that only this user reaches: mode 0600 in a directory of mode 0700. A
 * socket that nobody answers at is replaced, one that somebody answers at is not.
 */
export async function listenPrivately(path: string): Promise<Deno.UnixListener> {
  const directory = dirname(path);
  await makePrivateDirectory(directory);
  using handle = await Deno.open(directory, { read: true });
  // Two agents that start at once would each take the other's new socket for a dead one.
  await handle.lock(true);
  try {
    await removeDeadSocket(path);
    const listener = Deno.listen({ transport: "unix", path });
    await Deno.chmod(path, 0o600);
    return listener;
  } catch (cause) {
    if (cause instanceof AgentSocketError) throw cause;
    throw new AgentSocketError(`Cannot listen on agent socket "${path}"`, { cause });
  } finally {
    await handle.unlock();
  }
}

async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    const { mode, uid } = await Deno.stat(path);
    if (mode === null || (mode & 0o077) === 0 && uid === Deno.uid()) return;
  } catch (cause) {
    throw new AgentSocketError(`Cannot make agent directory "${path}"`, { cause });
  }
  throw new AgentSocketError(
    `Cannot serve the agent in "${path}": it has to be yours alone: run chmod 700 "${path}"`,
  );
}

async function removeDeadSocket(path: string): Promise<void> {
  if (!await isSocket(path)) return;
  if (await isAnswered(path)) {
    throw new AgentSocketError(
      `Cannot listen on agent socket "${path}": an agent is running there`,
    );
  }
  await Deno.remove(path);
}

async function isSocket(path: string): Promise<boolean> {
  try {
    const info = await Deno.lstat(path);
    if (info.isSocket) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  throw new AgentSocketError(`Cannot listen on agent socket "${path}": it is something else`);
}

async function isAnswered(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
