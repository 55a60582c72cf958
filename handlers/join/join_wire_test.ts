import { deepStrictEqual, ok, throws } from "node:assert/strict";
import { ProtocolError } from "@alknet/core";
import fc from "fast-check";
import {
  decodeLength,
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  LENGTH_BYTES,
} from "./join_wire.ts";

const NAME = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/);

function onlyProtocolErrors(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    ok(error instanceof ProtocolError, String(error));
  }
}

Deno.test("a request reads back as it was written", () => {
  const request = fc.record({
    secret: fc.uint8Array({ maxLength: 255 }).map((bytes) => new Uint8Array(bytes)),
    name: fc.option(NAME, { nil: undefined }),
    addresses: fc.array(fc.stringMatching(/^[a-z0-9.:[\]]{1,60}$/), { maxLength: 16 }),
  });
  fc.assert(fc.property(request, (value) => {
    const bytes = encodeRequest(value);
    const json = bytes.subarray(LENGTH_BYTES);
    deepStrictEqual(decodeLength(bytes.subarray(0, LENGTH_BYTES)), json.length);
    deepStrictEqual(decodeRequest(json), { ...value });
  }));
});

Deno.test("a reply reads back as it was written", () => {
  const enrolled = fc.record({ peerId: NAME, scopes: fc.array(fc.constant("git:read")) });
  const fault = fc.record({ fault: fc.constantFrom("unknown", "expired", "used") });
  fc.assert(fc.property(fc.oneof(enrolled, fault), (value) => {
    deepStrictEqual({ ...decodeReply(encodeReply(value).subarray(LENGTH_BYTES)) }, { ...value });
  }));
});

Deno.test("garbage and every truncation give a ProtocolError and nothing else", () => {
  const good = encodeRequest({ secret: new Uint8Array(16), name: "a", addresses: ["[::1]:1"] });
  for (let end = 0; end < good.length; end++) {
    onlyProtocolErrors(() => decodeLength(good.subarray(0, Math.min(end, LENGTH_BYTES))));
    onlyProtocolErrors(() => decodeRequest(good.subarray(LENGTH_BYTES, end)));
  }
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    onlyProtocolErrors(() => decodeRequest(bytes));
    onlyProtocolErrors(() => decodeReply(bytes));
    onlyProtocolErrors(() => decodeLength(bytes));
  }));
  fc.assert(fc.property(fc.json(), (text) => {
    onlyProtocolErrors(() => decodeRequest(new TextEncoder().encode(text)));
    onlyProtocolErrors(() => decodeReply(new TextEncoder().encode(text)));
  }));
});

Deno.test("names and addresses that could hurt later are refused at the door", () => {
  const base = { secret: "AAAA", addresses: [] };
  for (const bad of [{ name: "a\nb" }, { name: "../x" }, { addresses: ["a\0b"] }, { secret: 1 }]) {
    const json = new TextEncoder().encode(JSON.stringify({ ...base, ...bad }));
    throws(() => decodeRequest(json), ProtocolError);
  }
});
