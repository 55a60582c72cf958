import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  bitString,
  boolean,
  objectId,
  octetString,
  pem,
  sequence,
  time,
  tlv,
  unsignedInteger,
  utf8String,
} from "./der.ts";

Deno.test("tlv() writes every length in its shortest form (X.690 section 10.1)", () => {
  strictEqual(tlv(4, new Uint8Array(0)).toHex(), "0400");
  strictEqual(tlv(4, new Uint8Array(127)).subarray(0, 2).toHex(), "047f");
  strictEqual(tlv(4, new Uint8Array(128)).subarray(0, 3).toHex(), "048180");
  strictEqual(tlv(4, new Uint8Array(255)).subarray(0, 3).toHex(), "0481ff");
  strictEqual(tlv(4, new Uint8Array(256)).subarray(0, 4).toHex(), "04820100");
  strictEqual(tlv(4, new Uint8Array(65_536)).subarray(0, 5).toHex(), "0483010000");
});

Deno.test("unsignedInteger() is minimal and never negative (X.690 section 8.3)", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (octets) => {
    const [, length, ...content] = unsignedInteger(new Uint8Array(octets));
    strictEqual(length, content.length);
    const [first = 0, second = 0x80] = content;
    strictEqual(first & 0x80, 0);
    if (content.length > 1 && first === 0) strictEqual(second & 0x80, 0x80);
    strictEqual(BigInt(`0x${hex(content)}`), BigInt(`0x${hex(octets)}`));
  }));
});

Deno.test("objectId() writes the object identifiers that certificates need", () => {
  strictEqual(objectId("1.3.101.112").toHex(), "06032b6570");
  strictEqual(objectId("2.5.29.17").toHex(), "0603551d11");
  strictEqual(objectId("1.3.6.1.5.5.7.3.1").toHex(), "06082b06010505070301");
  strictEqual(objectId("1.2.840.113549").toHex(), "06062a864886f70d");
});

Deno.test("time() changes from UTCTime to GeneralizedTime with the year 2050", () => {
  const text = (date: string): string => new TextDecoder().decode(time(new Date(date)).slice(2));
  strictEqual(text("2049-12-31T23:59:59Z"), "491231235959Z");
  strictEqual(text("2050-01-01T00:00:00.500Z"), "20500101000000Z");
  strictEqual(text("9999-12-31T23:59:59Z"), "99991231235959Z");
});

Deno.test("simple values have their tags and contents", () => {
  strictEqual(boolean(true).toHex(), "0101ff");
  strictEqual(boolean(false).toHex(), "010100");
  strictEqual(bitString(new Uint8Array([0x80]), 7).toHex(), "03020780");
  strictEqual(octetString(new Uint8Array([1, 2])).toHex(), "04020102");
  strictEqual(utf8String("é").toHex(), "0c02c3a9");
  strictEqual(sequence(boolean(true), octetString(new Uint8Array())).toHex(), "30050101ff0400");
});

Deno.test("pem() breaks lines after 64 characters and keeps every byte", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
    const [begin, ...rest] = pem("X", new Uint8Array(bytes)).trimEnd().split("\n");
    const end = rest.pop();
    deepStrictEqual([begin, end], ["-----BEGIN X-----", "-----END X-----"]);
    strictEqual(rest.every((line) => line.length <= 64), true);
    deepStrictEqual(Uint8Array.fromBase64(rest.join("")), new Uint8Array(bytes));
  }));
});

function hex(octets: Iterable<number>): string {
  return new Uint8Array(octets).toHex();
}
