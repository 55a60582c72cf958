import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";

import { SshProtocolError } from "../errors.ts";
import { DatagramFrames, frameDatagram, MAX_DATAGRAM_BYTES } from "./datagram_frames.ts";

Deno.test("DatagramFrames gives back what was framed, in whatever pieces it comes", () => {
  const datagrams = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  fc.assert(fc.property(datagrams, fc.integer({ min: 1, max: 50 }), (sent, pieceBytes) => {
    const all = new Uint8Array(sent.flatMap((each) => [...frameDatagram(each)]));
    const frames = new DatagramFrames();
    const got: Uint8Array[] = [];
    for (let at = 0; at < all.length; at += pieceBytes) {
      got.push(...frames.push(all.subarray(at, at + pieceBytes)));
    }
    deepStrictEqual(got.map((each) => [...each]), sent.map((each) => [...each]));
  }));
});

Deno.test("DatagramFrames throws its error for any bytes, and nothing else", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      new DatagramFrames().push(bytes);
    } catch (error) {
      ok(error instanceof SshProtocolError);
    }
  }));
  throws(() => new DatagramFrames().push(new Uint8Array([255, 255])), SshProtocolError);
  strictEqual(
    new DatagramFrames().push(frameDatagram(new Uint8Array(MAX_DATAGRAM_BYTES))).length,
    1,
  );
});
