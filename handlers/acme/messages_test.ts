import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";

import { anyUrl } from "../../tests/tools/any_text.ts";
import { AcmeProtocolError } from "./errors.ts";
import {
  MAX_ITEMS,
  parseAuthorization,
  parseDirectory,
  parseOrder,
  parseProblem,
} from "./messages.ts";

const ORDER = {
  status: "ready",
  authorizations: ["https://ca.example/authz/1"],
  finalize: "https://ca.example/finalize",
};

Deno.test("parsers take any JSON, and throw nothing but AcmeProtocolError", () => {
  const parsers = [parseDirectory, parseOrder, parseAuthorization, parseProblem];
  const near = fc.record({
    status: fc.oneof(fc.constant("valid"), fc.jsonValue()),
    authorizations: fc.oneof(fc.array(anyUrl()), fc.jsonValue()),
    challenges: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
    identifier: fc.oneof(fc.record({ value: fc.jsonValue() }), fc.jsonValue()),
    finalize: fc.oneof(anyUrl(), fc.jsonValue()),
    detail: fc.jsonValue(),
    subproblems: fc.jsonValue(),
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.oneof(fc.jsonValue(), near), (json) => {
    for (const parse of parsers) {
      try {
        parse(json);
      } catch (error) {
        if (!(error instanceof AcmeProtocolError)) throw error;
      }
    }
  }));
});

Deno.test("URLs of a server are https, or it is not listened to", () => {
  strictEqual(parseOrder(ORDER).finalize, ORDER.finalize);
  for (const finalize of ["http://ca.example/", "file:///etc/passwd", "/finalize", 1, undefined]) {
    throws(() => parseOrder({ ...ORDER, finalize }), AcmeProtocolError);
  }
});

Deno.test("MAX_ITEMS bounds authorizations and challenges", () => {
  const authorizations = Array(MAX_ITEMS + 1).fill("https://ca.example/authz");
  throws(() => parseOrder({ ...ORDER, authorizations }), AcmeProtocolError);
  const challenges = Array(MAX_ITEMS + 1).fill({});
  const identifier = { value: "a.example" };
  throws(() => parseAuthorization({ status: "valid", identifier, challenges }), AcmeProtocolError);
});

Deno.test("challenges without a token, and tokens that are paths, are left out", () => {
  const challenge = { type: "http-01", url: "https://ca.example/c", status: "pending" };
  const challenges = [undefined, "../../etc", "a b", "x".repeat(129), "good-Token_1"]
    .map((token) => ({ ...challenge, token }));
  const authorization = { status: "pending", identifier: { value: "A.example" }, challenges };
  const { name, challenges: [only, ...more] } = parseAuthorization(authorization);
  deepStrictEqual([name, only?.token, more], ["a.example", "good-Token_1", []]);
});

Deno.test("what a server says cannot write to a terminal", () => {
  const { detail } = parseProblem({
    detail: "no\u001b[2J\n\u202eyes",
    subproblems: [{ detail: "x" }],
  });
  strictEqual(detail, "no [2J yes; x");
});
