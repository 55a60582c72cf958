import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";

import { TlsFormatError } from "./byte_reader.ts";
import { concat, uint, vector } from "./byte_writer.ts";
import { MAX_HELLO_BYTES, readClientHello } from "./client_hello.ts";

/** A ClientHello as it is on the wire, in records of so many octets. */
function hello(recordBytes = 10_000): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const extension = (type: number, ...body: Uint8Array[]) =>
    concat(uint(2, type), vector(2, ...body));
  const body = concat(
    uint(2, 0x0303),
    new Uint8Array(32),
    vector(1, new Uint8Array(32).fill(7)),
    vector(2, uint(2, 0x1301)),
    vector(1, uint(1, 0)),
    vector(
      2,
      extension(0, vector(2, uint(1, 0), vector(2, encoder.encode("Node.Example")))),
      extension(13, vector(2, uint(2, 0x0403))),
      extension(16, vector(2, vector(1, encoder.encode("acme-tls/1")))),
      extension(43, vector(1, uint(2, 0x0304))),
      extension(51, vector(2, uint(2, 0x001d), vector(2, new Uint8Array(32).fill(9)))),
    ),
  );
  const message = concat(uint(1, 1), vector(3, body));
  const records: Uint8Array[] = [];
  for (let offset = 0; offset < message.length; offset += recordBytes) {
    records.push(
      concat(uint(3, 0x160301), vector(2, message.subarray(offset, offset + recordBytes))),
    );
  }
  return concat(...records);
}

Deno.test("a ClientHello is read, in however many records it comes", () => {
  for (const size of [1, 3, 100, 10_000]) {
    const read = readClientHello(hello(size));
    ok(read);
    strictEqual(read.serverName, "node.example");
    deepStrictEqual([read.alpn, read.versions], [["acme-tls/1"], [0x0304]]);
    deepStrictEqual([read.cipherSuites, read.signatureSchemes], [[0x1301], [0x0403]]);
    deepStrictEqual(read.keyShares.get(0x001d), new Uint8Array(32).fill(9));
    strictEqual(read.sessionId.length, 32);
  }
});

Deno.test("of a part of a ClientHello, nothing is said yet", () => {
  const whole = hello(50);
  for (let length = 0; length < whole.length; length++) {
    strictEqual(readClientHello(whole.slice(0, length)), undefined);
  }
});

Deno.test("whatever octets come, there is a ClientHello, a TlsFormatError or a need for more", () => {
  const whole = hello();
  const changed = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, octet]) => {
    const bytes = whole.slice();
    bytes[at] = octet;
    return bytes;
  });
  const garbage = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));
  const recorded = garbage.map((bytes) => concat(uint(3, 0x160301), vector(2, uint(1, 1), bytes)));
  fc.assert(fc.property(fc.oneof(changed, garbage, recorded), (bytes) => {
    try {
      readClientHello(bytes);
    } catch (error) {
      if (!(error instanceof TlsFormatError)) throw error;
    }
  }));
});

Deno.test("MAX_HELLO_BYTES bounds what is waited for", () => {
  const long = concat(uint(3, 0x160301), uint(2, 8_000), uint(1, 1), uint(3, MAX_HELLO_BYTES));
  throws(() => readClientHello(concat(long, new Uint8Array(100))), TlsFormatError);
  const slow = Array.from({ length: 4_000 }, () => uint(3, 0x160301)).map((head, at) =>
    concat(head, vector(2, at === 0 ? uint(4, 0x01003fff) : uint(1, 0)))
  );
  throws(() => readClientHello(concat(...slow)), TlsFormatError);
});
