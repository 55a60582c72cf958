import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import fc from "fast-check";

import { AdapterError } from "../adapter_error.ts";
import { CallError } from "../call_error.ts";
import {
  importOperations,
  type ImportOptions,
  type RemoteOperations,
} from "./import_operations.ts";
import { anyPeer } from "./peer_ref.ts";
import { reexport } from "./reexport.ts";

/** A node that answers each operation with what a table says. */
function remote(answers: Record<string, (input: unknown) => unknown>): RemoteOperations {
  return {
    // deno-lint-ignore require-await -- so that what a table throws is a rejection
    async call(name, input): Promise<unknown> {
      const answer = answers[name];
      if (!answer) throw new CallError("NOT_FOUND", "No such operation");
      return answer(input);
    },
    async *subscribe() {},
  };
}

function offering(listed: unknown): RemoteOperations {
  return remote({ "services/list": () => listed });
}

async function refusal(from: RemoteOperations, options?: ImportOptions): Promise<AdapterError> {
  try {
    await importOperations(from, options);
  } catch (error) {
    ok(error instanceof AdapterError, String(error));
    return error;
  }
  throw new TypeError("Import succeeded");
}

const disk = {
  name: "disk/free",
  type: "query",
  description: "Bytes left",
  inputSchema: { type: "object" },
  outputSchema: { type: "number" },
  errorSchemas: [{ code: "NO_DISK", schema: true, httpStatus: 404 }],
  accessControl: { requiredScopes: ["disk:read"], resourceType: "disk" },
  resourceIdPath: "$.disk",
};

Deno.test("importOperations() takes over specs in one request, under a prefix, filtered", async () => {
  const asked: unknown[] = [];
  const from = remote({
    "services/list": (input) => {
      asked.push(input);
      return [disk, { ...disk, name: "disk/wipe" }];
    },
  });
  const options = { prefix: "w1", filter: (name: string) => name === "disk/free" };
  const [free, ...others] = await importOperations(from, options);
  deepStrictEqual(others, []);
  deepStrictEqual(asked, [{ schemas: true }]);
  strictEqual(free?.spec.name, "w1/disk/free");
  strictEqual(free?.spec.namespace, "w1");
  strictEqual(free?.spec.visibility, "internal");
  deepStrictEqual(free?.spec.errorSchemas, disk.errorSchemas);
  // Its resources are checked where they are.
  deepStrictEqual(free?.spec.accessControl, { requiredScopes: ["disk:read"] });
  strictEqual(free?.spec.resourceIdPath, undefined);
});

Deno.test("importOperations() asks for each spec where the other node tells names only", async () => {
  const names = Array.from({ length: 20 }, (_, n) => `op${n}`);
  const from = remote({
    "services/list": () => names.map((name) => ({ name, type: "query" })),
    "services/schema": (input) => ({ ...disk, ...Object(input) }),
  });
  const operations = await importOperations(from);
  deepStrictEqual(operations.map(({ spec }) => spec.name), names);
  const many = { maxValues: 200 };
  strictEqual((await refusal(from, many)).kind, "schema-parse");
});

Deno.test("two operations of one name are a collision", async () => {
  strictEqual((await refusal(offering([disk, disk]))).kind, "same-peer-collision");
});

const MALFORMED: ReadonlyArray<readonly [what: string, listed: unknown]> = [
  ["no array", { operations: [disk] }],
  ["an entry that is no object", [disk, 7]],
  ["a name against the rules", [{ ...disk, name: "etc passwd" }]],
  ["no name", [{ ...disk, name: undefined }]],
  ["a type nobody knows", [{ ...disk, type: "verb" }]],
  ["a schema that is none", [{ ...disk, inputSchema: "any" }]],
  ["a schema that cannot be used", [{ ...disk, inputSchema: { pattern: "(" } }]],
  ["errors that are no list", [{ ...disk, errorSchemas: {} }]],
  ["an error without a code", [{ ...disk, errorSchemas: [{ schema: true }] }]],
  ["access that is none", [{ ...disk, accessControl: [] }]],
  ["scopes that are no texts", [{ ...disk, accessControl: { requiredScopes: [7] } }]],
];

for (const [what, listed] of MALFORMED) {
  Deno.test(`importOperations() refuses ${what}`, async () => {
    strictEqual((await refusal(offering(listed))).kind, "schema-parse");
  });
}

Deno.test("maxOperations and maxValues bound what a peer can make this node hold", async () => {
  const many = Array.from({ length: 11 }, (_, n) => ({ ...disk, name: `op${n}` }));
  strictEqual((await refusal(offering(many), { maxOperations: 10 })).kind, "schema-parse");
  strictEqual((await refusal(offering(many), { maxValues: 100 })).kind, "schema-parse");
  strictEqual((await importOperations(offering(many))).length, 11);
});

Deno.test("why a peer does not answer is told by kind", async () => {
  const failing = (code: string): RemoteOperations =>
    remote({
      "services/list": () => {
        throw new CallError(code, "No");
      },
    });
  const kinds = {
    UNAVAILABLE: "transport",
    FORBIDDEN: "unauthorized",
    NOT_FOUND: "discovery-failed",
  };
  for (const [code, kind] of Object.entries(kinds)) {
    strictEqual((await refusal(failing(code))).kind, kind);
  }
  // A code is the peer's text: it is not let through to a terminal.
  ok(!(await refusal(failing("\x1b[2J"))).message.includes("\x1b"));
  const signal = AbortSignal.abort(new RangeError("enough"));
  await rejects(importOperations(failing("ABORTED"), { signal }), RangeError);
});

Deno.test("whatever a peer says it offers, the answer is operations or an AdapterError", async () => {
  const entry = fc.record({
    name: fc.oneof(fc.constant("a/b"), fc.jsonValue()),
    type: fc.oneof(fc.constant("query"), fc.jsonValue()),
    inputSchema: fc.jsonValue(),
    outputSchema: fc.jsonValue(),
    errorSchemas: fc.oneof(fc.constant([]), fc.jsonValue()),
    accessControl: fc.oneof(fc.constant({}), fc.jsonValue()),
  }, { requiredKeys: ["name", "type"] });
  const listed = fc.oneof(fc.array(entry, { maxLength: 3 }), fc.jsonValue());
  await fc.assert(fc.asyncProperty(listed, async (value) => {
    try {
      await importOperations(offering(value));
    } catch (error) {
      ok(error instanceof AdapterError, String(error));
    }
  }));
});

Deno.test("a re-exported operation keeps the schemas, and has the access it is given", async () => {
  const [imported] = await importOperations(offering([disk]));
  ok(imported);
  const access = { requiredScopes: ["call:disk"] };
  const { operation } = reexport(imported.spec, { access, peer: anyPeer(), name: "all/free" });
  const { inputSchema, outputSchema, accessControl, name, visibility } = operation.spec;
  deepStrictEqual([inputSchema, outputSchema], [disk.inputSchema, disk.outputSchema]);
  deepStrictEqual([accessControl, name, visibility], [access, "all/free", "external"]);
});
