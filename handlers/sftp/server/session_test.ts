import { ProtocolError, type Stream } from "@alknet/core";
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import {
  type FileBackend,
  memoryFiles,
  type OpenFile,
  serveSession,
  SftpError,
  type SftpReply,
  StatusCode,
} from "../mod.ts";
import {
  bytesOf,
  contentsOf,
  namesIn,
  put,
  READ,
  replacing,
  session,
  streamPair,
  WRITE,
} from "../testdata/support.ts";
import { PacketReader } from "../wire/packet_reader.ts";
import { decodeReply, decodeVersion, encodeInit } from "../wire/replies.ts";
import { encodeRequest } from "../wire/requests.ts";
import { WireError } from "../wire/wire_error.ts";

/** A client that sends what a test says, byte by byte. */
async function raw(files: FileBackend, limits = {}) {
  const { near, far } = await streamPair();
  const serving = serveSession(far, files, { limits });
  serving.catch(() => far.reset());
  await near.write(encodeInit());
  const reader = new PacketReader(near, 1_000_000);
  const hello = decodeVersion(await reader.next() ?? new Uint8Array());
  const next = async (): Promise<SftpReply> => decodeReply(await reader.next() ?? new Uint8Array());
  return { near, serving, hello, next, end: () => finish(near, serving) };
}

async function finish(near: Stream, serving: Promise<void>): Promise<void> {
  await near.closeWrite();
  await serving;
}

Deno.test("a session answers every request of the draft", async () => {
  await using pair = await session(memoryFiles());
  const { client } = pair;
  await client.mkdir("/d", 0o750);
  await put(client, "/d/a", "hello");
  strictEqual(await contentsOf(client, "/d/a"), "hello");
  strictEqual((await client.stat("/d/a")).size, 5);
  await client.setstat("/d/a", { mode: 0o600, atime: 1, mtime: 2 });
  const { mode, mtime } = await client.lstat("/d/a");
  deepStrictEqual([mode & 0o7777, mtime], [0o600, 2]);
  await client.symlink("/d/l", "a");
  strictEqual(await client.readlink("/d/l"), "a");
  strictEqual(await client.realpath("d/../d/l"), "/d/a");
  await client.rename("/d/a", "/d/b");
  await rejects(client.stat("/d/l"), { status: StatusCode.NoSuchFile });
  deepStrictEqual(await namesIn(client, "/d"), ["b", "l"]);
  await client.remove("/d/b");
  await client.remove("/d/l");
  await client.rmdir("/d");
  deepStrictEqual(await namesIn(client, "/"), []);
});

Deno.test("a session answers OpenSSH's extensions and announces them", async () => {
  await using pair = await session(memoryFiles());
  const { client } = pair;
  await put(client, "/a", "aaaa");
  await put(client, "/b", "b");
  await rejects(client.rename("/a", "/b"), { status: StatusCode.Failure });
  await client.rename("/a", "/b", { replace: true });
  await client.link("/b", "/c");
  strictEqual(await contentsOf(client, "/c"), "aaaa");
  const file = await client.open("/b", READ);
  await file.sync();
  strictEqual((await file.stat()).size, 4);
  const copy = await client.open("/copy", WRITE);
  await client.copyData(file, copy, { fromOffset: 1, toOffset: 2 });
  await copy.close();
  await file.close();
  strictEqual(await contentsOf(client, "/copy"), "\0\0aaa");
  strictEqual((await client.statvfs("/")).blockBytes, 4096);
  strictEqual(client.chunkBytes, 261_120);
  for (const kind of ["statvfs", "fstatvfs", "lsetstat", "expandPath", "idsToNames"] as const) {
    ok(client.offers(kind), kind);
  }
});

Deno.test("check-file hashes whole files, ranges and blocks", async () => {
  await using pair = await session(memoryFiles());
  const { client } = pair;
  const contents = new Uint8Array(1_000).map((_, index) => index);
  await put(client, "/a", contents);
  const sha = async (bytes: Uint8Array): Promise<string> =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();
  const whole = await client.checkFile("/a", { algorithms: "crc99,sha256,md5" });
  strictEqual(whole.algorithm, "sha256");
  strictEqual(whole.hash.toHex(), await sha(contents));
  const range = await client.checkFile("/a", { offset: 10, length: 20 });
  strictEqual(range.hash.toHex(), await sha(contents.subarray(10, 30)));
  const blocks = await client.checkFile("/a", { blockBytes: 600 });
  const parts = [contents.subarray(0, 600), contents.subarray(600)];
  strictEqual(blocks.hash.toHex(), (await Promise.all(parts.map(sha))).join(""));
  await rejects(client.checkFile("/a", { algorithms: "crc99" }), {
    status: StatusCode.OpUnsupported,
  });
  await rejects(client.checkFile("/a", { blockBytes: 16 }), SftpError);
  await put(client, "/many", new Uint8Array(256 * 2_049));
  await rejects(client.checkFile("/many", { blockBytes: 256 }), /Too many blocks/);
});

Deno.test("names that are not UTF-8 keep their bytes on the way there and back", async () => {
  await using pair = await session(memoryFiles());
  await put(pair.client, "/caf\udce9", "latin");
  await put(pair.client, "/café", "utf-8");
  deepStrictEqual(await namesIn(pair.client, "/"), ["caf\udce9", "café"].sort());
  strictEqual(await contentsOf(pair.client, "/caf\udce9"), "latin");
});

/** A file that records what happens to it, and whose reads and writes wait to be let go. */
class SlowFile implements OpenFile {
  readonly log: string[] = [];
  #waiting: (() => void)[] = [];

  async read(buffer: Uint8Array): Promise<number> {
    await this.#step("read");
    return buffer.length;
  }

  async write(): Promise<void> {
    await this.#step("write");
  }

  stat() {
    this.log.push("stat");
    const times = { atime: 0, mtime: 0 };
    return { size: 100, uid: 0, gid: 0, mode: 0o100644, ...times, links: 1, inode: 1 };
  }

  setstat(): void {
    this.log.push("setstat");
  }

  sync(): void {}

  close(): void {
    this.log.push("close");
  }

  /** Lets everything go that waits. */
  release(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async #step(name: string): Promise<void> {
    this.log.push(`${name} begins`);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.log.push(`${name} ends`);
  }
}

Deno.test("reads overlap reads, writes overlap writes, and everything else waits its turn", async () => {
  const file = new SlowFile();
  const files = memoryFiles();
  const backend: FileBackend = replacing(files, { open: () => file });
  const client = await raw(backend);
  const open = { kind: "open", id: 1, path: "/a", flags: 3, attrs: {} } as const;
  await client.near.write(encodeRequest(open));
  const opened = await client.next();
  ok(opened.kind === "handle");
  const { handle } = opened;
  for (
    const request of [
      { kind: "write", id: 2, handle, offset: 0, data: new Uint8Array(1) },
      { kind: "write", id: 3, handle, offset: 1, data: new Uint8Array(1) },
      { kind: "fsetstat", id: 4, handle, attrs: { mode: 0 } },
      { kind: "read", id: 5, handle, offset: 0, length: 1 },
      { kind: "read", id: 6, handle, offset: 1, length: 1 },
      { kind: "close", id: 7, handle },
    ] as const
  ) await client.near.write(encodeRequest(request));
  const ids: number[] = [];
  while (ids.length < 6) {
    const reply = client.next();
    const timer = setInterval(() => file.release(), 1);
    ids.push((await reply).id);
    clearInterval(timer);
  }
  deepStrictEqual(file.log.filter((line) => line !== "stat"), [
    "write begins",
    "write begins",
    "write ends",
    "write ends",
    "setstat",
    "read begins",
    "read begins",
    "read ends",
    "read ends",
    "close",
  ]);
  deepStrictEqual(ids, [2, 3, 4, 5, 6, 7]);
  await client.end();
});

Deno.test("maxHandles bounds what a client holds open, and closing gives room again", async () => {
  await using pair = await session(memoryFiles(), { limits: { maxHandles: 3 } });
  const { client } = pair;
  await put(client, "/a", "");
  const held = [await client.open("/a", READ), await client.open("/a", READ)];
  const directory = await client.list("/");
  await rejects(client.open("/a", READ), /Too many open files/);
  await rejects(client.list("/"), /Too many open files/);
  await directory.close();
  await (await client.open("/a", READ)).close();
  for (const file of held) await file.close();
});

Deno.test("a handle that was closed is not another file's", async () => {
  await using pair = await session(memoryFiles());
  await put(pair.client, "/a", "a");
  const first = await pair.client.open("/a", READ);
  await first.close();
  const second = await pair.client.open("/a", READ);
  await rejects(first.read(new Uint8Array(1), 0), /Invalid handle/);
  strictEqual(await second.read(new Uint8Array(1), 0), 1);
});

const NO_FILE = { write: () => {}, setstat: () => {}, sync: () => {} };

Deno.test("maxPendingBytes makes a client wait that asks and does not read", async () => {
  const files = memoryFiles();
  await put(files, "/a", new Uint8Array(1_000_000));
  let reads = 0;
  const counting: FileBackend = replacing(files, {
    open: async (path: string) => {
      const file = await files.open(path, READ);
      const read = (buffer: Uint8Array, at: number) => (reads++, file.read(buffer, at));
      return { ...NO_FILE, read, stat: () => file.stat(), close: () => file.close() };
    },
  });
  const client = await raw(counting, { maxPendingBytes: 500_000 });
  const open = { kind: "open", id: 1, path: "/a", flags: 1, attrs: {} } as const;
  await client.near.write(encodeRequest(open));
  const opened = await client.next();
  ok(opened.kind === "handle");
  const { handle } = opened;
  const request = (id: number) =>
    encodeRequest({ kind: "read", id, handle, offset: 0, length: 100_000 });
  for (let id = 2; id < 102; id++) await client.near.write(request(id));
  const settled = reads;
  ok(settled <= 10, `${settled} reads were made for a client that takes no answer`);
  for (let id = 2; id < 102; id++) strictEqual((await client.next()).id, id);
  strictEqual(reads, 100);
  await client.end();
});

Deno.test("a request that cannot be read is refused under its id, and the session goes on", async () => {
  const client = await raw(memoryFiles());
  await client.near.write(new Uint8Array([0, 0, 0, 6, 17, 0, 0, 0, 9, 1]));
  await client.near.write(new Uint8Array([0, 0, 0, 5, 99, 0, 0, 0, 10]));
  const statuses = [await client.next(), await client.next()];
  deepStrictEqual(
    statuses.map((reply) => reply.kind === "status" && [reply.id, reply.status]),
    [[9, StatusCode.BadMessage], [10, StatusCode.OpUnsupported]],
  );
  await client.end();
});

for (
  const [what, bytes, error] of [
    ["a first packet that is no INIT", [0, 0, 0, 5, 17, 0, 0, 0, 1], WireError],
    ["version 2", [0, 0, 0, 5, 1, 0, 0, 0, 2], WireError],
    ["a packet above the limit", [0, 5, 0, 0, 1], ProtocolError],
    ["an HTTP request", [...bytesOf("GET / HTTP/1.1\r\n\r\n")], ProtocolError],
  ] as const
) {
  Deno.test(`a session ends at ${what}`, async () => {
    const { near, far } = await streamPair();
    const serving = serveSession(far, memoryFiles());
    await near.write(new Uint8Array(bytes));
    await rejects(serving, error);
  });
}

Deno.test("a client that says nothing and leaves is no error", async () => {
  const { near, far } = await streamPair();
  await near.closeWrite();
  await serveSession(far, memoryFiles());
});

Deno.test("what a client left open is closed, after the writes under way", async () => {
  const file = new SlowFile();
  const backend: FileBackend = replacing(memoryFiles(), { open: () => file });
  const client = await raw(backend);
  const open = { kind: "open", id: 1, path: "/a", flags: 2, attrs: {} } as const;
  await client.near.write(encodeRequest(open));
  const opened = await client.next();
  ok(opened.kind === "handle");
  const write = { kind: "write", id: 2, offset: 0, data: new Uint8Array(9) } as const;
  await client.near.write(encodeRequest({ ...write, handle: opened.handle }));
  while (file.log.length === 0) await new Promise((resolve) => setTimeout(resolve));
  client.near.reset();
  const timer = setInterval(() => file.release(), 5);
  await client.serving.catch(() => {});
  clearInterval(timer);
  deepStrictEqual(file.log, ["write begins", "write ends", "close"]);
});

Deno.test("a signal ends a session and its client hears of it", async () => {
  const stop = new AbortController();
  const { near, far } = await streamPair();
  const serving = serveSession(far, memoryFiles(), { signal: stop.signal });
  serving.catch(() => {});
  await near.write(encodeInit());
  await near.read(new Uint8Array(4));
  stop.abort();
  while (await near.read(new Uint8Array(1_000)) !== null);
  await serving.catch(() => {});
});

Deno.test("requests carries out only what it allows and not what it denies", async () => {
  const files = memoryFiles();
  await put(files, "/a", "a");
  await using reading = await session(files, {
    requests: { allowed: ["open", "read", "close", "limits"] },
  });
  strictEqual(await contentsOf(reading.client, "/a"), "a");
  await rejects(reading.client.stat("/a"), { status: StatusCode.PermissionDenied });
  await using keeping = await session(files, { requests: { denied: ["remove", "posix-rename"] } });
  await rejects(keeping.client.remove("/a"), { status: StatusCode.PermissionDenied });
  await rejects(keeping.client.rename("/a", "/b", { replace: true }), SftpError);
  await keeping.client.rename("/a", "/b");
});

Deno.test("a client with much to ask does not hold up everybody else", async () => {
  await using pair = await session(memoryFiles());
  let turns = 0;
  const timer = setInterval(() => turns++);
  const asked = Array.from({ length: 20_000 }, () => pair.client.stat("/"));
  await Promise.all(asked);
  clearInterval(timer);
  ok(turns > 5, `the event loop turned ${turns} times in 20,000 requests`);
});

Deno.test("a defect of a backend reaches the client as a failure without details", async () => {
  const stat = () => {
    throw new TypeError("Secret path /srv/x");
  };
  await using pair = await session(replacing(memoryFiles(), { stat }));
  await rejects(pair.client.stat("/a"), (error) => {
    ok(error instanceof SftpError);
    match(error.message, /^Failure$/);
    return true;
  });
});
