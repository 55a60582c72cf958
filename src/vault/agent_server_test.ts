import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import {
  AgentProtocolError,
  AgentRefusedError,
  AgentSocketError,
  AgentUnavailableError,
  createVaultFile,
  dataKeyFromAgent,
  openVaultFile,
  serveVaultAgent,
  Vault,
  type VaultAgentOptions,
} from "./mod.ts";
import { bytes, knownVault, tempDirectory } from "./testdata/known.ts";

const DATA_KEY = new Uint8Array(32).fill(7);
const LIST = Uint8Array.fromHex("000000010b");

Deno.test("The data key from the agent opens the vault file without a prompt", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  const socketPath = `${directory.path}/agent/agent.sock`;
  using made = await createVaultFile({ path });
  using vault = new Vault();
  await vault.unlock(made.mnemonic);
  await using _agent = await serveVaultAgent({ vault, dataKey: made.dataKey, socketPath });
  const dataKey = await dataKeyFromAgent(socketPath);
  using opened = await openVaultFile(path, { dataKey });
  deepStrictEqual(opened.mnemonic, made.mnemonic);
});

Deno.test("The agent's socket has mode 0600 in a directory of mode 0700, and goes away", async () => {
  await using setup = await running();
  const directory = setup.socketPath.replace(/\/[^/]*$/, "");
  strictEqual(((await Deno.stat(directory)).mode ?? 0) & 0o777, 0o700);
  strictEqual(((await Deno.stat(setup.socketPath)).mode ?? 0) & 0o777, 0o600);
  await setup.agent[Symbol.asyncDispose]();
  await rejects(Deno.lstat(setup.socketPath), Deno.errors.NotFound);
  await rejects(dataKeyFromAgent(setup.socketPath), AgentUnavailableError);
});

Deno.test("serveVaultAgent() refuses a live socket and leaves it working", async () => {
  await using setup = await running();
  const { vault, socketPath } = setup;
  await rejects(serveVaultAgent({ vault, dataKey: DATA_KEY, socketPath }), AgentSocketError);
  deepStrictEqual(await dataKeyFromAgent(socketPath), DATA_KEY);
});

Deno.test("serveVaultAgent() replaces the socket of an agent that was killed", async () => {
  await using directory = await tempDirectory();
  const socketPath = `${directory.path}/agent.sock`;
  const script = `Deno.listen({ transport: "unix", path: ${JSON.stringify(socketPath)} });
    Deno.kill(Deno.pid, "SIGKILL");`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
  ok((await Deno.lstat(socketPath)).isSocket);
  using vault = await knownVault();
  await using _agent = await serveVaultAgent({ vault, dataKey: DATA_KEY, socketPath });
  deepStrictEqual(await dataKeyFromAgent(socketPath), DATA_KEY);
});

Deno.test("Of two agents that start at once on a dead socket one runs", async () => {
  await using directory = await tempDirectory();
  const socketPath = `${directory.path}/agent.sock`;
  using vault = await knownVault();
  const options = { vault, dataKey: DATA_KEY, socketPath };
  const started = await Promise.allSettled([1, 2, 3].map(() => serveVaultAgent(options)));
  strictEqual(started.filter(({ status }) => status === "fulfilled").length, 1);
  deepStrictEqual(await dataKeyFromAgent(socketPath), DATA_KEY);
  for (const agent of started) {
    if (agent.status === "fulfilled") await agent.value[Symbol.asyncDispose]();
  }
});

Deno.test("serveVaultAgent() refuses a directory that others enter, and a file in its place", async () => {
  await using directory = await tempDirectory();
  using vault = await knownVault();
  const socketPath = `${directory.path}/agent.sock`;
  const options = { vault, dataKey: DATA_KEY, socketPath };
  await Deno.chmod(directory.path, 0o750);
  await rejects(serveVaultAgent(options), /run chmod 700/);
  await Deno.chmod(directory.path, 0o700);
  await Deno.writeTextFile(socketPath, "not a socket");
  await rejects(serveVaultAgent(options), AgentSocketError);
  strictEqual(await Deno.readTextFile(socketPath), "not a socket");
  const long = `${directory.path}/${"x".repeat(120)}`;
  await rejects(serveVaultAgent({ ...options, socketPath: long }), AgentSocketError);
});

Deno.test("The signal ends the agent, its clients and its socket", async () => {
  const stop = new AbortController();
  await using setup = await running({ signal: stop.signal });
  using client = await connect(setup.socketPath);
  strictEqual((await exchange(client, LIST))[4], 12);
  stop.abort();
  await setup.agent.finished;
  strictEqual(await client.read(new Uint8Array(1)), null);
  await rejects(Deno.lstat(setup.socketPath), Deno.errors.NotFound);
});

Deno.test("One client's malformed frame ends that client only", async () => {
  const errors: unknown[] = [];
  await using setup = await running({ onClientError: (error) => errors.push(error) });
  using good = await connect(setup.socketPath);
  await exchange(good, LIST);
  for (const frame of ["00000000", "00040001", "ffffffff0b", "0000000a0b"]) {
    using bad = await connect(setup.socketPath);
    await bad.write(Uint8Array.fromHex(frame));
    bad.closeWrite();
    strictEqual(await bad.read(new Uint8Array(1)), null);
  }
  strictEqual((await exchange(good, LIST))[4], 12);
  ok(errors.length === 3 && errors.every((error) => error instanceof AgentProtocolError));
});

Deno.test("Requests that arrive together, or byte by byte, are answered in order", async () => {
  await using setup = await running();
  using client = await connect(setup.socketPath);
  for (const byte of LIST) await client.write(new Uint8Array([byte]));
  const one = await exchange(client, new Uint8Array());
  const two = await exchange(client, new Uint8Array([...LIST, ...LIST]), one.length * 2);
  deepStrictEqual(two, new Uint8Array([...one, ...one]));
});

Deno.test("A client over the limit is hung up on, and a place becomes free again", async () => {
  await using setup = await running({ maxClients: 1 });
  {
    using first = await connect(setup.socketPath);
    await exchange(first, LIST);
    await rejects(dataKeyFromAgent(setup.socketPath), AgentUnavailableError);
  }
  while (true) {
    try {
      deepStrictEqual(await dataKeyFromAgent(setup.socketPath), DATA_KEY);
      break;
    } catch (error) {
      ok(error instanceof AgentUnavailableError);
    }
  }
});

Deno.test("A silent client, and one that never ends its request, lose their place", async () => {
  await using setup = await running({ idleTimeoutMs: 30 });
  using silent = await connect(setup.socketPath);
  using slow = await connect(setup.socketPath);
  await slow.write(LIST.subarray(0, 4));
  strictEqual(await silent.read(new Uint8Array(1)), null);
  strictEqual(await slow.read(new Uint8Array(1)), null);
});

Deno.test("dataKeyFromAgent() tells a refusal, a foreign answer and silence apart", async () => {
  await using directory = await tempDirectory();
  const socketPath = `${directory.path}/foreign.sock`;
  const answers: readonly [string, new () => Error][] = [
    ["0000000105", AgentRefusedError],
    ["000000011c", AgentRefusedError],
    ["0000000106", AgentRefusedError],
    ["00000000", AgentProtocolError],
    ["000000021d00", AgentProtocolError],
    ["000000171d0000000f" + bytes("data-key@alknet").toHex() + "000000", AgentProtocolError],
    ["", AgentUnavailableError],
  ];
  for (const [answer, errorClass] of answers) {
    using listener = Deno.listen({ transport: "unix", path: socketPath });
    const answering = answerOnce(listener, Uint8Array.fromHex(answer));
    await rejects(dataKeyFromAgent(socketPath), errorClass, answer);
    await answering;
  }
  using _silent = Deno.listen({ transport: "unix", path: socketPath });
  await rejects(dataKeyFromAgent(socketPath, { timeoutMs: 20 }), AgentUnavailableError);
  const signal = AbortSignal.abort();
  await rejects(dataKeyFromAgent(socketPath, { signal }), { name: "AbortError" });
});

async function answerOnce(listener: Deno.UnixListener, answer: Uint8Array): Promise<void> {
  using conn = await listener.accept();
  await conn.read(new Uint8Array(1024));
  if (answer.length > 0) await conn.write(answer);
}

async function running(options: Partial<VaultAgentOptions> = {}) {
  const directory = await tempDirectory();
  const vault = await knownVault();
  const socketPath = `${directory.path}/agent/agent.sock`;
  const agent = await serveVaultAgent({ vault, dataKey: DATA_KEY, socketPath, ...options });
  return {
    agent,
    vault,
    socketPath,
    async [Symbol.asyncDispose](): Promise<void> {
      await agent[Symbol.asyncDispose]();
      vault.lock();
      await directory[Symbol.asyncDispose]();
    },
  };
}

function connect(path: string): Promise<Deno.UnixConn> {
  return Deno.connect({ transport: "unix", path });
}

/** Sends a frame and reads one answer, or as many bytes as told. */
async function exchange(conn: Deno.UnixConn, frame: Uint8Array, length?: number) {
  if (frame.length > 0) await conn.write(frame);
  const buffer = new Uint8Array(4096);
  let at = 0;
  for (;;) {
    at += await conn.read(buffer.subarray(at)) ?? 0;
    const whole = at < 4 ? Infinity : 4 + new DataView(buffer.buffer).getUint32(0);
    if (at >= (length ?? whole)) return buffer.slice(0, at);
  }
}
