import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { SshProtocolError } from "../errors.ts";
import { SshReader } from "./ssh_reader.ts";
import { SshWriter } from "./ssh_writer.ts";

Deno.test("SshReader reads what SshWriter wrote", () => {
  const shape = fc.record({
    byte: fc.nat(255),
    flag: fc.boolean(),
    number: fc.nat(2 ** 32 - 1),
    bytes: fc.uint8Array({ maxLength: 300 }),
    text: fc.string(),
    rest: fc.uint8Array(),
  });
  fc.assert(fc.property(shape, ({ byte, flag, number, bytes, text, rest }) => {
    const written = new SshWriter(1).byte(byte).boolean(flag).uint32(number).string(bytes)
      .string(text.toWellFormed()).raw(rest).finish();
    const reader = new SshReader(written);
    strictEqual(reader.byte(), byte);
    strictEqual(reader.boolean(), flag);
    strictEqual(reader.uint32(), number);
    deepStrictEqual(new Uint8Array(reader.bytes()), bytes);
    strictEqual(reader.text(), text.toWellFormed());
    deepStrictEqual(new Uint8Array(reader.rest()), rest);
    reader.end();
  }));
});

Deno.test("SshReader throws its own error for any bytes, and nothing else", () => {
  const steps = fc.array(fc.constantFrom("byte", "uint32", "uint64", "bytes", "text", "end"), {
    maxLength: 8,
  });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), steps, (bytes, names) => {
    const reader = new SshReader(bytes);
    try {
      for (const name of names) reader[name as "byte"]();
    } catch (error) {
      ok(error instanceof SshProtocolError);
    }
  }));
});
