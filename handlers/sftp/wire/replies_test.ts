import fc from "fast-check";
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";

import { replies } from "../testdata/arbitraries.ts";
import { ByteWriter, LENGTH_BYTES } from "./byte_writer.ts";
import {
  DATA_HEADER_BYTES,
  DataReply,
  decodeInit,
  decodeReply,
  decodeVersion,
  encodeInit,
  encodeReply,
  encodeVersion,
} from "./replies.ts";
import { WireError } from "./wire_error.ts";

Deno.test("decodeReply() reads back what encodeReply() wrote", () => {
  fc.assert(
    fc.property(replies, (reply) => {
      deepStrictEqual(decodeReply(encodeReply(reply).slice(LENGTH_BYTES)), reply);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("decodeReply() throws nothing but WireError, whatever the bytes", () => {
  const packet = fc.tuple(
    fc.oneof(fc.integer({ min: 101, max: 105 }), fc.nat(255)),
    fc.uint8Array(),
  )
    .map(([type, rest]) => new Uint8Array([type, ...rest]));
  fc.assert(
    fc.property(packet, (bytes) => {
      try {
        decodeReply(bytes);
      } catch (error) {
        ok(error instanceof WireError, String(error));
      }
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("decodeReply() does not take memory for names a packet cannot hold", () => {
  const packet = new ByteWriter().u8(104).u32(1).u32(0xffff_ffff).payload();
  throws(() => decodeReply(packet), /names do not fit/);
});

Deno.test("DataReply is what encodeReply() makes of the same data", () => {
  fc.assert(fc.property(fc.nat(0xffff_ffff), fc.uint8Array(), fc.nat(50), (id, data, spare) => {
    const used = new Uint8Array(DATA_HEADER_BYTES + data.length + spare).fill(0xee);
    const reply = new DataReply(id, used);
    reply.room.set(data);
    deepStrictEqual(reply.packet(data.length), encodeReply({ kind: "data", id, data }));
  }));
});

Deno.test("the greetings tell version and extensions, and others are refused", () => {
  strictEqual(decodeInit(encodeInit().slice(LENGTH_BYTES)).version, 3);
  const extensions = [{ name: "a@b", data: "1" }];
  deepStrictEqual(decodeVersion(encodeVersion(extensions).slice(LENGTH_BYTES)), {
    version: 3,
    extensions,
  });
  throws(() => decodeInit(new ByteWriter().u8(1).u32(2).payload()), WireError);
  throws(() => decodeInit(new ByteWriter().u8(5).u32(3).payload()), WireError);
  throws(() => decodeVersion(encodeInit().slice(LENGTH_BYTES)), WireError);
});
