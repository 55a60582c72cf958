import { ProtocolError } from "@alknet/core";
import fc from "fast-check";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { PacketReader } from "./packet_reader.ts";

const MAX_BYTES = 200_000;

/** A stream that brings bytes in pieces of given sizes, over and over. */
function source(bytes: Uint8Array, sizes: readonly number[]) {
  let at = 0;
  let turn = 0;
  return {
    read(buffer: Uint8Array): Promise<number | null> {
      if (at >= bytes.length) return Promise.resolve(null);
      const size = Math.max(1, sizes[turn++ % sizes.length] ?? 1);
      const part = bytes.subarray(at, at + Math.min(size, buffer.length));
      buffer.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
  };
}

function framed(packets: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(packets.flatMap((packet) => [
    ...new Uint8Array(new Uint32Array([packet.length]).buffer).reverse(),
    ...packet,
  ]));
}

Deno.test("PacketReader finds the packets again however the stream cuts them", async () => {
  const packets = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 30 });
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
  await fc.assert(fc.asyncProperty(packets, sizes, async (sent, cuts) => {
    const reader = new PacketReader(source(framed(sent), cuts), MAX_BYTES);
    const found: Uint8Array[] = [];
    for (let each = await reader.next(); each; each = await reader.next()) found.push(each);
    deepStrictEqual(found, sent); // compared at the end: packets stay as they are
  }));
});

Deno.test("PacketReader keeps large packets apart that follow each other", async () => {
  const sent = [1, 2, 3, 4].map((fill) => new Uint8Array(150_000).fill(fill));
  const bytes = new Uint8Array(sent.length * 150_004);
  for (const [index, packet] of sent.entries()) {
    new DataView(bytes.buffer).setUint32(index * 150_004, packet.length);
    bytes.set(packet, index * 150_004 + 4);
  }
  const reader = new PacketReader(source(bytes, [65_536]), MAX_BYTES);
  const found = [];
  for (let each = await reader.next(); each; each = await reader.next()) found.push(each);
  deepStrictEqual(found.map((each) => [each.length, each[0], each.at(-1)]), [
    [150_000, 1, 1],
    [150_000, 2, 2],
    [150_000, 3, 3],
    [150_000, 4, 4],
  ]);
});

for (
  const [what, bytes] of [
    ["an empty packet", [0, 0, 0, 0]],
    ["a packet above the limit", [0, 3, 13, 65, 1]],
    ["a packet of 4 GiB", [255, 255, 255, 255]],
    ["an end within a length", [0, 0]],
    ["an end within a packet", [0, 0, 0, 5, 1]],
  ] as const
) {
  Deno.test(`PacketReader refuses ${what}`, async () => {
    const reader = new PacketReader(source(new Uint8Array(bytes), [3]), MAX_BYTES);
    await rejects(reader.next(), ProtocolError);
  });
}

Deno.test("PacketReader says whether a packet is complete", async () => {
  const reader = new PacketReader(source(framed([new Uint8Array(3), new Uint8Array(4)]), [99]), 9);
  strictEqual(reader.ready, false);
  await reader.next();
  strictEqual(reader.ready, true);
  await reader.next();
  strictEqual(reader.ready, false);
});
