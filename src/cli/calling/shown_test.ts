import fc from "fast-check";
import { deepStrictEqual, doesNotMatch, strictEqual } from "node:assert/strict";
import { CallError } from "@alknet/call";

import { printable, type Style } from "../terminal.ts";
import { callFailure, exitCodeOfCall } from "./call_failure.ts";
import { prettyJson } from "./json_text.ts";
import { nearNames } from "./near_names.ts";

const same = (text: string): string => text;
const PLAIN: Style = { bold: same, dim: same, green: same, red: same, cyan: same };

/** Text as a hostile node would write it for a terminal. */
const anyText = fc.array(
  fc.oneof(fc.constantFrom("\u001b[2J", "\u009b", "\r", "\u202e", "\u2028", "\ud800"), fc.string()),
).map((parts) => parts.join(""));

Deno.test("prettyJson() is JSON, and nothing in it that a terminal obeys", () => {
  fc.assert(fc.property(fc.dictionary(anyText, fc.oneof(anyText, fc.jsonValue())), (value) => {
    const shown = prettyJson(value, PLAIN);
    doesNotMatch(shown.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const wellFormed = JSON.parse(JSON.stringify(value));
    if (JSON.stringify(value).isWellFormed()) deepStrictEqual(JSON.parse(shown), wellFormed);
  }));
});

Deno.test("a failed call tells nothing that a terminal obeys", () => {
  fc.assert(fc.property(anyText, anyText, anyText, (code, message, path) => {
    const details = { issues: [{ path, message }], correlationId: message };
    const shown = callFailure(new CallError(code, message, { details })).message;
    doesNotMatch(shown.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }));
});

Deno.test("printable() leaves text alone that says nothing to a terminal", () => {
  strictEqual(printable("Größe 数 😀 \\"), "Größe 数 😀 \\");
  strictEqual(printable("a\u001bb\u202ec"), "a\\u001bb\\u202ec");
});

Deno.test("codes of the protocol have exit codes of their class, others the one of declared errors", () => {
  const codes = [
    ...["INVALID_INPUT", "FORBIDDEN", "NOT_FOUND", "TIMEOUT", "UNAVAILABLE"],
    ...["RESOURCE_EXHAUSTED", "INTERNAL", "CONFLICT"],
  ];
  deepStrictEqual(codes.map((code) => exitCodeOfCall({ code })), [2, 5, 10, 11, 4, 4, 13, 12]);
});

Deno.test("nearNames() finds what was meant, and nothing where nothing is near", () => {
  const names = ["node/info", "node/events", "peers/list", "peers/put", "services/list"];
  deepStrictEqual(nearNames("node/inof", names), ["node/info"]);
  deepStrictEqual(nearNames("info", names), ["node/info"]);
  deepStrictEqual(nearNames("peers/lst", names), ["peers/list", "peers/put"]);
  deepStrictEqual(nearNames("git/clone", names), []);
  deepStrictEqual(nearNames("", names), []);
});
