import fc from "fast-check";
import { ok, rejects, strictEqual } from "node:assert/strict";

import { connectSftp, encodeRequest, type FileBackend, memoryFiles, serveSession } from "./mod.ts";
import { requests } from "./testdata/arbitraries.ts";
import { fuzzSessions } from "./testdata/fuzz.ts";
import { put, replacing, session, streamPair } from "./testdata/support.ts";
import { encodeInit, encodeVersion } from "./wire/replies.ts";

const PACKETS = 30_000; // a million in tests/soak/sftp_test.ts

function fewFiles(): FileBackend {
  return memoryFiles({ maxBytes: 1_000_000, maxNodes: 200 });
}

Deno.test(`${PACKETS} mutated requests end no process and leave no session behind`, async () => {
  const { packets, sessions, answeredBytes } = await fuzzSessions(fewFiles, {
    packets: PACKETS,
    seed: 11,
  });
  strictEqual(packets, PACKETS);
  ok(sessions > 10 && answeredBytes > PACKETS * 10, `${sessions} sessions, ${answeredBytes} bytes`);
});

Deno.test("a client survives every server: it gets its answer or an error", async () => {
  const garbage = fc.tuple(fc.integer({ min: 95, max: 110 }), fc.nat(3), fc.uint8Array())
    .map(([type, id, rest]) => {
      const packet = new Uint8Array([0, 0, 0, 0, type, 0, 0, 0, id, ...rest]);
      new DataView(packet.buffer).setUint32(0, packet.length - 4);
      return packet;
    });
  await fc.assert(
    fc.asyncProperty(fc.array(garbage, { maxLength: 6 }), async (packets) => {
      const { near, far, close } = await streamPair();
      await far.write(encodeVersion([]));
      for (const packet of packets) await far.write(packet);
      await far.closeWrite();
      const client = await connectSftp(near);
      await Promise.allSettled([client.stat("/"), client.realpath("/"), client.readlink("/")]);
      await client[Symbol.asyncDispose]();
      close();
    }),
    { numRuns: 500 },
  );
});

for (
  const [what, bytes] of [
    ["ends at once", new Uint8Array()],
    ["speaks HTTP", new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["speaks version 2", new Uint8Array([0, 0, 0, 5, 2, 0, 0, 0, 2])],
    ["sends a packet of 4 GiB", new Uint8Array([255, 255, 255, 255, 2])],
  ] as const
) {
  Deno.test(`connectSftp() gives up a server that ${what}`, async () => {
    const { near, far } = await streamPair();
    if (bytes.length > 0) await far.write(bytes);
    await far.closeWrite();
    await rejects(connectSftp(near));
  });
}

/** Everything a client may have asked for when it is gone: each request, and half of each. */
Deno.test("a client that vanishes in any state leaves nothing open and nobody disturbed", async () => {
  const files = memoryFiles();
  await put(files, "/a", "contents");
  await using other = await session(files);
  let open = 0;
  const counting = countingFiles(files, (change) => open += change);
  const samples = fc.sample(requests, { numRuns: 150, seed: 3 });
  const openA = encodeRequest({ kind: "open", id: 1, path: "/a", flags: 3, attrs: {} });
  for (const request of samples) {
    const packet = encodeRequest(request);
    for (const part of [packet, packet.subarray(0, packet.length >> 1)]) {
      const { near, far, close } = await streamPair();
      const serving = serveSession(far, counting).catch(() => far.reset());
      await near.write(encodeInit());
      await near.write(openA);
      await near.write(part);
      if (request.id % 2 === 0) near.reset();
      else close();
      await serving;
    }
  }
  strictEqual(open, 0);
  strictEqual((await other.client.stat("/a")).size >= 0, true);
});

function countingFiles(files: FileBackend, opened: (change: number) => void): FileBackend {
  return replacing(files, {
    open: async (path, mode) => {
      const file = await files.open(path, mode);
      opened(1);
      return {
        read: (buffer, at) => file.read(buffer, at),
        write: (bytes, at) => file.write(bytes, at),
        stat: () => file.stat(),
        setstat: (attributes) => file.setstat(attributes),
        sync: () => file.sync(),
        close: () => void opened(-1),
      };
    },
    list: async (path) => {
      const directory = await files.list(path);
      opened(1);
      return { next: (maxEntries) => directory.next(maxEntries), close: () => void opened(-1) };
    },
  });
}
