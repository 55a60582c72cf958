import fc from "fast-check";
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";

import { ANY_CHARACTER } from "../../tests/tools/any_text.ts";
import {
  CallWireError,
  decodeEnvelope,
  encodeEnvelope,
  encodeFrame,
  type EventEnvelope,
  FrameDecoder,
  HARD_MAX_BYTES,
} from "./mod.ts";

const envelope: fc.Arbitrary<EventEnvelope> = fc.record({
  type: fc.oneof(fc.constantFrom("call.requested", "call.responded"), fc.string()),
  id: fc.string({ maxLength: 40 }),
  payload: fc.jsonValue({ stringUnit: ANY_CHARACTER }).map((value) =>
    JSON.parse(JSON.stringify(value))
  ),
}, { noNullPrototype: true });

Deno.test("decodeEnvelope() reads back what encodeEnvelope() wrote", () => {
  fc.assert(fc.property(envelope, (value) => {
    deepStrictEqual(decodeEnvelope(encodeEnvelope(value)), value);
  }));
});

Deno.test("FrameDecoder reads back frames cut into pieces of any size, in order", () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 });
  fc.assert(fc.property(fc.array(envelope, { maxLength: 6 }), pieces, (values, sizes) => {
    const decoder = new FrameDecoder();
    deepStrictEqual(
      pushed(decoder, joined(values.map((each) => encodeFrame(each))), sizes),
      values,
    );
    decoder.end();
  }));
});

Deno.test("every truncation of a frame is CallWireError at the end, of an envelope at once", () => {
  fc.assert(
    fc.property(envelope, (value) => {
      const frame = encodeFrame(value);
      for (let length = 1; length < frame.length; length++) {
        const decoder = new FrameDecoder();
        deepStrictEqual([...decoder.push(frame.subarray(0, length))], []);
        throws(() => decoder.end(), { name: "CallWireError", fault: "truncated" });
      }
      for (let length = 4; length < frame.length; length++) {
        throws(() => decodeEnvelope(frame.subarray(4, length)), { name: "CallWireError" });
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("FrameDecoder throws nothing but CallWireError whatever the bytes", () => {
  const mutated = fc.tuple(envelope, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
    const frame = encodeFrame(value);
    frame[at % frame.length] = byte;
    return frame;
  });
  const garbage = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated);
  fc.assert(
    fc.property(garbage, (bytes) => {
      const decoder = new FrameDecoder();
      try {
        for (const frame of decoder.push(bytes)) ok(frame.bytes > 0);
        decoder.end();
      } catch (error) {
        ok(error instanceof CallWireError && error.blame === "remote");
      }
    }),
    { numRuns: 2_000 },
  );
});

const BAD: ReadonlyArray<readonly [what: string, body: Uint8Array, fault: string]> = [
  ["a byte that is not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "utf-8"],
  ["a surrogate in UTF-8", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), "utf-8"],
  ["half a document", text(`{"type":"a"`), "json"],
  ["a byte order mark", text(`\ufeff{"type":"a","id":"1","payload":1}`), "json"],
  ["an array", text(`[]`), "shape"],
  ["null", text(`null`), "shape"],
  ["no payload", text(`{"type":"a","id":"1"}`), "shape"],
  ["no id", text(`{"type":"a","payload":1}`), "shape"],
  ["a number as id", text(`{"type":"a","id":1,"payload":1}`), "shape"],
  ["no type", text(`{"id":"1","payload":1}`), "shape"],
  ["an id of 257 characters", text(`{"type":"a","id":"${"x".repeat(257)}","payload":1}`), "shape"],
];

for (const [what, body, fault] of BAD) {
  Deno.test(`decodeEnvelope() refuses ${what}`, () => {
    throws(() => decodeEnvelope(body), { name: "CallWireError", fault });
  });
}

Deno.test("decodeEnvelope() bounds a message as a frame is bounded", () => {
  throws(() => decodeEnvelope(new Uint8Array(0)), { fault: "empty" });
  throws(() => decodeEnvelope(new Uint8Array(101), 100), { fault: "too-large" });
});

Deno.test("decodeEnvelope() leaves out members it does not know and keeps unknown types", () => {
  const read = decodeEnvelope(text(`{"type":"call.later","id":"1","payload":null,"x":1}`));
  deepStrictEqual(read, { type: "call.later", id: "1", payload: null });
});

Deno.test("FrameDecoder refuses length 0", () => {
  throws(() => [...new FrameDecoder().push(new Uint8Array(4))], { fault: "empty" });
});

Deno.test("FrameDecoder refuses a frame over the limit at its length, before any of it", () => {
  const limited = new FrameDecoder({ maxBytes: () => 100 });
  throws(() => [...limited.push(new Uint8Array([0, 0, 0, 101]))], { fault: "too-large" });
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, HARD_MAX_BYTES + 1);
  const unlimited = new FrameDecoder({ maxBytes: () => Infinity });
  throws(() => [...unlimited.push(length)], { fault: "too-large" });
});

Deno.test("FrameDecoder takes no memory for a length alone", () => {
  const before = Deno.memoryUsage();
  const decoders = Array.from({ length: 64 }, () => new FrameDecoder());
  for (const decoder of decoders) {
    strictEqual([...decoder.push(new Uint8Array([4, 0, 0, 0]))].length, 0);
  }
  const after = Deno.memoryUsage();
  ok(after.external + after.heapUsed - before.external - before.heapUsed < 32 * 1024 * 1024);
});

Deno.test("encodeEnvelope() refuses what JSON cannot hold and what is too large", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const payload of [circle, 1n]) {
    throws(() => encodeEnvelope({ type: "a", id: "1", payload }), {
      fault: "json",
      blame: "local",
    });
  }
  throws(() => encodeEnvelope({ type: "a", id: "1", payload: "x".repeat(100) }, 100), {
    fault: "too-large",
    blame: "local",
  });
});

Deno.test("encodeFrame() writes the worked example of docs/protocol/call.md", () => {
  const hex = "0000002d7b2274797065223a2263616c6c2e61626f72746564222c226964223a2231222c" +
    "227061796c6f6164223a7b7d7d";
  strictEqual(encodeFrame({ type: "call.aborted", id: "1", payload: {} }).toHex(), hex);
});

Deno.test("a frame carries a payload of a mebibyte", () => {
  const big = { type: "a", id: "1", payload: "ä".repeat(524_288) };
  deepStrictEqual(pushed(new FrameDecoder(), encodeFrame(big), [10_000]), [big]);
});

function pushed(
  decoder: FrameDecoder,
  bytes: Uint8Array,
  sizes: readonly number[],
): EventEnvelope[] {
  const read: EventEnvelope[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    for (const frame of decoder.push(bytes.subarray(at, at + size))) read.push(frame.envelope);
    at += size;
  }
  return read;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
