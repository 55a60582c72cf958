import fc from "fast-check";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import { requests } from "../testdata/arbitraries.ts";
import { ByteWriter, LENGTH_BYTES } from "./byte_writer.ts";
import { decodeRequest, encodeRequest, EXTENSIONS, RequestError } from "./requests.ts";
import { WireError } from "./wire_error.ts";

Deno.test("decodeRequest() reads back what encodeRequest() wrote", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const packet = encodeRequest(request);
      strictEqual(new DataView(packet.buffer).getUint32(0), packet.length - LENGTH_BYTES);
      deepStrictEqual(decodeRequest(packet.slice(LENGTH_BYTES)), request);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("decodeRequest() answers every truncation with WireError", () => {
  fc.assert(fc.property(requests, (request) => {
    const packet = encodeRequest(request).slice(LENGTH_BYTES);
    for (let length = 0; length < packet.length; length++) {
      refuses(packet.subarray(0, length), length >= 5);
    }
  }));
});

/** rclone failed to upload: its WRITE has the rest of a buffer behind the data. */
Deno.test("decodeRequest() passes over what follows the fields of a WRITE", () => {
  const handle = new Uint8Array(4);
  const data = new Uint8Array([1, 2, 3]);
  const writer = new ByteWriter().u8(6).u32(9).bytes(handle).u32(0).u32(7).bytes(data);
  const packet = new Uint8Array([...writer.payload(), ...new Uint8Array(100)]);
  deepStrictEqual(decodeRequest(packet), { kind: "write", id: 9, handle, offset: 7, data });
});

Deno.test("decodeRequest() throws nothing but WireError, whatever the bytes", () => {
  const types = fc.oneof(fc.integer({ min: 3, max: 20 }), fc.constant(200), fc.nat(255));
  const packet = fc.tuple(types, fc.uint8Array({ maxLength: 120 }))
    .map(([type, rest]) => new Uint8Array([type, ...rest]));
  fc.assert(
    fc.property(packet, (bytes) => {
      try {
        decodeRequest(bytes);
      } catch (error) {
        ok(error instanceof WireError, String(error));
      }
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("decodeRequest() has a kind for what it does not know, so that it can be refused", () => {
  const extended = new ByteWriter().u8(200).u32(7).name("text-seek").u32(1).payload();
  deepStrictEqual(decodeRequest(extended), { kind: "unknown", id: 7 });
  const type = new ByteWriter().u8(99).u32(8).payload();
  deepStrictEqual(decodeRequest(type), { kind: "unknown", id: 8 });
});

Deno.test("decodeRequest() takes no offset that JavaScript would round", () => {
  const read = new ByteWriter().u8(5).u32(9).bytes(new Uint8Array(4)).u32(0x20_0000).u32(0).u32(1);
  refuses(read.payload(), true);
});

Deno.test("every extension is announced under the name it is read by", () => {
  strictEqual(EXTENSIONS.get("posixRename")?.name, "posix-rename@openssh.com");
  strictEqual(new Set([...EXTENSIONS.values()].map(({ name }) => name)).size, EXTENSIONS.size);
});

/** With an id, the refusal can name it. */
function refuses(packet: Uint8Array, hasId: boolean): void {
  let caught: unknown;
  try {
    decodeRequest(packet);
  } catch (error) {
    caught = error;
  }
  ok(caught instanceof WireError, `no refusal: ${String(caught)}`);
  if (hasId) ok(caught instanceof RequestError, "the id got lost");
}
