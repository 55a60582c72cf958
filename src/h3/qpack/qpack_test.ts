import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import { H3ErrorCode } from "../error_code.ts";
import { H3ConnectionError, H3StreamError } from "../errors.ts";
import { QpackDecoder } from "./decoder.ts";
import { QpackEncoder } from "./encoder.ts";
import { huffmanLength, readHuffman, writeHuffman } from "./huffman.ts";
import type { FieldLine } from "./static_table.ts";

const LIMITS = { maxTableBytes: 4096, maxBlockedStreams: 16, maxFieldSectionBytes: 65_536 };

const byteString = fc.uint8Array({ maxLength: 60 }).map((b) => String.fromCharCode(...b));
const fieldLine: fc.Arbitrary<FieldLine> = fc.oneof(
  fc.tuple(byteString, byteString),
  fc.tuple(
    fc.constantFrom("server", "x-a", "cookie", ":status"),
    fc.constantFrom("a", "200", "bb"),
  ),
);

Deno.test("readHuffman() undoes writeHuffman()", () => {
  fc.assert(fc.property(byteString, (text) => {
    const bytes = new Uint8Array(huffmanLength(text));
    strictEqual(writeHuffman(bytes, 0, text), bytes.length);
    strictEqual(readHuffman(bytes), text);
  }));
});

Deno.test("readHuffman() refuses long padding, padding of zeros and the end mark", () => {
  strictEqual(readHuffman(hex("1fff")), undefined); // 'a' and 11 ones
  strictEqual(readHuffman(hex("18")), undefined); // 'a' and zeros
  strictEqual(readHuffman(hex("ffffffff")), undefined);
  strictEqual(readHuffman(hex("1f")), "a");
});

Deno.test("a decoder understands what an encoder sends, whatever was acknowledged between", () => {
  const section = fc.tuple(fc.array(fieldLine, { maxLength: 12 }), fc.boolean());
  fc.assert(fc.property(fc.array(section, { maxLength: 30 }), (sections) => {
    const [encoder, decoder] = pair(200);
    sections.forEach(([lines, acknowledge], index) => {
      const bytes = encoder.encode(index * 4, lines);
      feed(decoder, encoder.takeInstructions());
      deepStrictEqual(decoder.decode(index * 4, bytes), lines);
      if (acknowledge) encoder.readDecoderStream(decoder.takeInstructions() ?? hex(""));
    });
  }));
});

Deno.test("a section that came before its entries is blocked, then decoded", () => {
  const [encoder, decoder] = pair(4096);
  const lines: FieldLine[] = [["x-one", "two"]];
  encoder.encode(0, lines);
  const capacity = encoder.takeInstructions();
  const bytes = encoder.encode(4, lines);
  const insertion = encoder.takeInstructions();
  feed(decoder, capacity);
  strictEqual(decoder.decode(4, bytes), undefined);
  feed(decoder, insertion);
  deepStrictEqual(decoder.decode(4, bytes), lines);
  encoder.readDecoderStream(decoder.takeInstructions() ?? hex(""));
  strictEqual(encoder.encode(8, lines).length, 3);
});

Deno.test("an encoder blocks no more streams than the peer allows", () => {
  const encoder = new QpackEncoder();
  encoder.configure({ maxTableBytes: 4096, maxBlockedStreams: 1 });
  const line: FieldLine[] = [["x-one", "two"]];
  encoder.encode(0, line);
  strictEqual(encoder.encode(4, line).length, 3); // refers to the entry just inserted
  ok(encoder.encode(8, line).length > 3);
  strictEqual(encoder.encode(4, line).length, 3); // that stream is at risk already
});

Deno.test("an encoder does not evict what a section under way refers to", () => {
  const [encoder, decoder] = pair(128);
  const first: FieldLine[] = [["x-first", "1"]];
  encoder.encode(0, first);
  const pinned = encoder.encode(4, first);
  feed(decoder, encoder.takeInstructions());
  for (let n = 0; n < 10; n++) {
    const line: FieldLine[] = [["x-other", `${n >> 1}`]];
    const bytes = encoder.encode(8 + n * 4, line);
    feed(decoder, encoder.takeInstructions());
    deepStrictEqual(decoder.decode(8 + n * 4, bytes), line);
  }
  deepStrictEqual(decoder.decode(4, pinned), first);
});

Deno.test("an encoder never puts secrets into the table", () => {
  const [encoder] = pair(4096);
  encoder.takeInstructions();
  const secret: FieldLine[] = [["authorization", "Bearer x"], ["cookie", "a=b"]];
  for (let n = 0; n < 5; n++) encoder.encode(n * 4, secret);
  strictEqual(encoder.takeInstructions(), undefined);
});

Deno.test("decode() of any bytes gives lines, nothing or an error of its own", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const decoder = new QpackDecoder(LIMITS);
      onlyOwnErrors(() => decoder.decode(0, bytes), H3ErrorCode.QpackDecompressionFailed);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("encoder and decoder streams of any bytes give errors of their own only", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const decoder = new QpackDecoder(LIMITS);
      onlyOwnErrors(() => {
        for (const bytes of chunks) decoder.readEncoderStream(bytes);
      }, H3ErrorCode.QpackEncoderStreamError);
      const [encoder] = pair(4096);
      onlyOwnErrors(() => {
        for (const bytes of chunks) encoder.readDecoderStream(bytes);
      }, H3ErrorCode.QpackDecoderStreamError);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a truncated section is refused, or ends between two lines", () => {
  const lines: FieldLine[] = [[":status", "200"], ["x-long-name", "some value"], ["server", "s"]];
  const bytes = new QpackEncoder().encode(0, lines);
  for (let length = 0; length < bytes.length; length++) {
    try {
      const got = new QpackDecoder(LIMITS).decode(0, bytes.subarray(0, length));
      deepStrictEqual(got, lines.slice(0, got?.length));
    } catch (error) {
      ok(error instanceof H3ConnectionError);
    }
  }
});

Deno.test("a field section larger than the limit costs its request only", () => {
  const decoder = new QpackDecoder({ ...LIMITS, maxFieldSectionBytes: 100 });
  const bytes = new QpackEncoder().encode(0, [["a", "b".repeat(60)], ["c", "d".repeat(60)]]);
  throws(
    () => decoder.decode(0, bytes),
    (error) => error instanceof H3StreamError && error.status === 431,
  );
});

Deno.test("more blocked streams than allowed are a connection error", () => {
  const decoder = new QpackDecoder({ ...LIMITS, maxBlockedStreams: 2 });
  feed(decoder, hex("3fe11f"));
  strictEqual(decoder.decode(0, hex("020080")), undefined);
  strictEqual(decoder.decode(0, hex("020080")), undefined);
  strictEqual(decoder.decode(4, hex("020080")), undefined);
  decoder.cancel(0);
  strictEqual(decoder.decode(8, hex("020080")), undefined);
  throws(() => decoder.decode(12, hex("020080")), H3ConnectionError);
});

/** RFC 9204 appendix B, as one exchange. */
Deno.test("the decoder follows the examples of RFC 9204 appendix B", () => {
  const decoder = new QpackDecoder({ ...LIMITS, maxTableBytes: 220 });
  deepStrictEqual(decoder.decode(0, hex("0000510b2f696e6465782e68746d6c")), [
    [":path", "/index.html"],
  ]);
  decoder.readEncoderStream(
    hex("3fbd01c00f7777772e6578616d706c652e636f6dc10c2f73616d706c652f70617468"),
  );
  const authority: FieldLine = [":authority", "www.example.com"];
  const path: FieldLine = [":path", "/sample/path"];
  deepStrictEqual(decoder.decode(4, hex("03811011")), [authority, path]);
  deepStrictEqual(decoder.takeInstructions(), hex("84"));
  decoder.readEncoderStream(hex("4a637573746f6d2d6b65790c637573746f6d2d76616c7565"));
  deepStrictEqual(decoder.takeInstructions(), hex("01"));
  decoder.readEncoderStream(hex("02"));
  deepStrictEqual(decoder.decode(8, hex("050080c181")), [
    authority,
    [":path", "/"],
    ["custom-key", "custom-value"],
  ]);
  decoder.cancel(8);
  decoder.readEncoderStream(hex("810d637573746f6d2d76616c756532"));
  strictEqual(decoder.insertCount, 5);
});

function pair(tableBytes: number): [QpackEncoder, QpackDecoder] {
  const encoder = new QpackEncoder();
  encoder.configure({ maxTableBytes: tableBytes, maxBlockedStreams: 16 });
  return [encoder, new QpackDecoder({ ...LIMITS, maxTableBytes: tableBytes })];
}

function feed(decoder: QpackDecoder, bytes: Uint8Array | undefined): void {
  if (bytes) decoder.readEncoderStream(bytes);
}

function onlyOwnErrors(act: () => unknown, code: number): void {
  try {
    act();
  } catch (error) {
    if (error instanceof H3StreamError) return;
    ok(error instanceof H3ConnectionError && error.code === code, String(error));
  }
}

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text);
}
