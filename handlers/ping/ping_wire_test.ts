import { ProtocolError } from "@alknet/core";
import fc from "fast-check";
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";

import {
  decodeGreeting,
  decodeGreetingLength,
  encodeGreeting,
  GREETING_MAX_BYTES,
  LENGTH_BYTES,
  type Whoami,
} from "./ping_wire.ts";

const whoami: fc.Arbitrary<Whoami> = fc.record({
  id: fc.string({ maxLength: 60 }),
  scopes: fc.array(fc.string({ maxLength: 40 }), { maxLength: 10 }),
  fingerprint: fc.string({ maxLength: 80 }),
  remoteAddr: fc.record({ hostname: fc.string({ maxLength: 45 }), port: fc.nat(65_535) }, {
    noNullPrototype: true,
  }),
  transport: fc.constantFrom("quic", "tls"),
}, { requiredKeys: ["scopes", "remoteAddr", "transport"], noNullPrototype: true });

Deno.test("decodeGreeting() reads back what encodeGreeting() wrote", () => {
  fc.assert(fc.property(whoami, (value) => {
    const bytes = encodeGreeting(value);
    const length = decodeGreetingLength(bytes.subarray(0, LENGTH_BYTES));
    strictEqual(length, bytes.length - LENGTH_BYTES);
    deepStrictEqual(decodeGreeting(bytes.subarray(LENGTH_BYTES)), value);
  }));
});

Deno.test("decodeGreeting() answers every truncation and garbage with ProtocolError", () => {
  const whole = encodeGreeting({
    scopes: ["git:read"],
    remoteAddr: { hostname: "::1", port: 1 },
    transport: "quic",
  }).subarray(LENGTH_BYTES);
  for (let length = 0; length < whole.length; length++) {
    throws(() => decodeGreeting(whole.subarray(0, length)), ProtocolError);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    throws(() => decodeGreeting(bytes), ProtocolError);
  }));
});

Deno.test("decodeGreeting() throws nothing but ProtocolError whatever the JSON", () => {
  fc.assert(fc.property(fc.json(), (json) => {
    throws(() => decodeGreeting(new TextEncoder().encode(json)), ProtocolError);
  }));
});

Deno.test("decodeGreetingLength() takes 1 to 4096", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 4 }), (bytes) => {
    const length = bytes.length === 2 ? (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0) : 0;
    if (length >= 1 && length <= GREETING_MAX_BYTES) {
      strictEqual(decodeGreetingLength(bytes), length);
    } else throws(() => decodeGreetingLength(bytes), ProtocolError);
  }));
});

Deno.test("encodeGreeting() leaves out scopes that do not fit", () => {
  const scopes = Array.from({ length: 1000 }, (_, index) => `git:read:repository-${index}`);
  const rest = { remoteAddr: { hostname: "::1", port: 1 }, transport: "tls" };
  const bytes = encodeGreeting({ id: "ci", scopes, ...rest });
  ok(bytes.length <= GREETING_MAX_BYTES + LENGTH_BYTES);
  const read = decodeGreeting(bytes.subarray(LENGTH_BYTES));
  ok(read.scopes.length > 50 && read.scopes.every((scope, index) => scope === scopes[index]));
});

Deno.test("encodeGreeting() refuses a peer id that leaves no room for anything", () => {
  const rest = { scopes: [], remoteAddr: { hostname: "::1", port: 1 }, transport: "tls" };
  throws(() => encodeGreeting({ id: "x".repeat(5000), ...rest }), RangeError);
});
