/**
 * The official JSON Schema Test Suite, draft 2020-12, required part.
 * https://github.com/json-schema-org/JSON-Schema-Test-Suite
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import { type JsonSchema, schemaCheck } from "@alknet/operations";

import { testOrSkip } from "../tools/skip.ts";

interface Group {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly tests: readonly { description: string; data: unknown; valid: boolean }[];
}

const SUITE = join(import.meta.dirname ?? ".", "../../../shared/vectors/json-schema-2020-12");
const TESTS = join(SUITE, "tests/draft2020-12");
const REMOTES = join(SUITE, "remotes");

const absent = existsSync(TESTS) ? undefined : "../shared/vectors/json-schema-2020-12 is absent";

/** Each with its reason. */
const KNOWN_FAILURES = [
  // typebox always uses the whole vocabulary; a metaschema cannot switch parts of it off. It is
  // stricter than it should be, and only for a schema with a metaschema of its own.
  "vocabulary.json: schema that uses custom metaschema with with no validation vocabulary: " +
  "no validation: invalid number, but it still validates",
];

testOrSkip(
  "JSON Schema 2020-12: the official suite passes but for the pinned list",
  absent,
  () => {
    const references = remotes();
    const failures: string[] = [];
    let total = 0;
    for (const file of readdirSync(TESTS).sort()) {
      for (const group of groupsOf(join(TESTS, file))) {
        const { check } = schemaCheck(group.schema, { references });
        for (const { description, data, valid } of group.tests) {
          total++;
          const verdict = check(data);
          const ok = !(verdict instanceof Promise) && verdict.ok;
          if (ok !== valid) failures.push(`${file}: ${group.description}: ${description}`);
        }
      }
    }
    strictEqual(total, 1299);
    deepStrictEqual(failures, KNOWN_FAILURES);
  },
);

testOrSkip(
  "JSON Schema 2020-12: without code generation a schema lets nothing more pass",
  absent,
  () => {
    // Foreign schemas are interpreted; those with references or patterns are left to their owner.
    for (const file of readdirSync(TESTS).sort()) {
      for (const { schema, tests } of groupsOf(join(TESTS, file))) {
        const text = JSON.stringify(schema);
        if (/\$(dynamicR|r)ef|attern/.test(text)) continue;
        const { check } = schemaCheck(schema, { foreign: true });
        const own = schemaCheck(schema);
        for (const { data } of tests) deepStrictEqual(check(data), own.check(data));
      }
    }
  },
);

function groupsOf(path: string): readonly Group[] {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The remotes that the suite wants served at localhost:1234, for this draft. */
function remotes(): Record<string, JsonSchema> {
  const files = readdirSync(REMOTES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.map((path) => [
      `http://localhost:1234/${relative(REMOTES, path)}`,
      JSON.parse(readFileSync(path, "utf8")),
    ]),
  );
}
