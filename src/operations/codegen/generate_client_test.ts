import fc from "fast-check";
import { doesNotMatch, match, ok, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";

import { OperationDefinitionError } from "../errors.ts";
import { type DescribedOperation, generateClient } from "./generate_client.ts";

const DISK: DescribedOperation = {
  name: "disk/free",
  type: "query",
  description: "How much is free",
  inputSchema: {
    type: "object",
    properties: {
      path: { type: "string", description: "Where" },
      unit: { enum: ["byte", "block"] },
    },
    required: ["path"],
  },
  outputSchema: { $ref: "#/$defs/Node", $defs: { Node: nodeSchema() } },
  errorSchemas: [{
    code: "NO_SUCH_DISK",
    schema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
  }],
};

function nodeSchema(): unknown {
  return {
    type: "object",
    properties: {
      free: { type: ["integer", "null"] },
      children: { type: "array", items: { $ref: "#/$defs/Node" } },
      place: { prefixItems: [{ type: "number" }, { type: "number" }], minItems: 1, items: false },
      tags: { type: "object", additionalProperties: { type: "string" } },
      kind: { oneOf: [{ const: "file" }, { const: 7 }, { type: "boolean" }] },
      both: { allOf: [{ properties: { a: { type: "string" } } }, { properties: { b: {} } }] },
      never: false,
    },
    required: ["free", "children"],
  };
}

const TICKS: DescribedOperation = {
  name: "clock/ticks",
  type: "subscription",
  inputSchema: { type: "object", additionalProperties: false },
  outputSchema: { type: "integer" },
};

/** Type-checks modules, or runs the last of them; resolves to what Deno said, empty when all is well. */
async function deno(verb: "check" | "run", files: Record<string, string>): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "alknet codegen " });
  try {
    const paths: string[] = [];
    for (const [name, text] of Object.entries(files)) {
      paths.push(join(directory, name));
      await Deno.writeTextFile(join(directory, name), text);
    }
    const targets = verb === "check" ? paths : paths.slice(-1);
    const args = [verb, "--no-config", "--quiet", ...targets];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      env: { NO_COLOR: "1" },
    }).output();
    return code === 0 ? "" : new TextDecoder().decode(stderr) || `ended with ${code}`;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("generateClient() makes types of objects, arrays, tuples, unions and references", () => {
  const text = generateClient([DISK]);
  match(text, /\/\*\* Where \*\/\n {2}path: string;\n {2}unit\?: "byte" \| "block";/);
  match(text, /export type DiskFreeOutput = DiskFreeOutput_Node;/);
  match(text, /children: DiskFreeOutput_Node\[\];/);
  match(text, /free: number \| null;/);
  match(text, /place\?: \[number, number\?\];/);
  match(text, /tags\?: \{\n {4}\[key: string\]: string;/);
  match(text, /kind\?: "file" \| 7 \| boolean;/);
  match(text, /never\?: never;/);
  match(text, /Errors: "NO_SUCH_DISK"/);
});

Deno.test("generateClient() gives the same text whatever the order of what it is given", () => {
  const reversed = { ...DISK, inputSchema: JSON.parse(JSON.stringify(DISK.inputSchema)) };
  strictEqual(generateClient([TICKS, DISK]), generateClient([reversed, TICKS]));
});

Deno.test("a generated client type-checks, and wrong use of it does not", async () => {
  const api = generateClient([DISK, TICKS]);
  const use = (line: string): string =>
    `import { connect, isDeclared, type CallChannel } from "./api.ts";
declare const channel: CallChannel;
export async function use(): Promise<void> {
  const api = connect(channel);
  ${line}
}
`;
  const right = [
    `const { free, children } = await api.disk.free({ path: "/", unit: "block" }, { timeoutMs: 1 });`,
    `const sum: number = (free ?? 0) + children.length;`,
    `for await (const tick of api.clock.ticks()) { const n: number = tick + sum; if (n) break; }`,
    `try { await api.disk.free({ path: "/" }); } catch (error) {`,
    `if (isDeclared(error, "disk/free", "NO_SUCH_DISK")) error.details?.path.length; }`,
  ].join("\n  ");
  strictEqual(await deno("check", { "api.ts": api, "right.ts": use(right) }), "");
  const wrong: readonly [line: string, why: RegExp][] = [
    [`await api.disk.free({ path: 1 });`, /number.*not assignable.*string/],
    [`await api.disk.free();`, /Expected 1-2 arguments/],
    [`await api.disk.free({ path: "/", pth: "" });`, /pth/],
    [`await api.disk.full({});`, /full/],
    [`(await api.disk.free({ path: "/" })).fre;`, /fre/],
    [`await api.clock.ticks({ a: 1 });`, /never/],
    [`isDeclared(null, "disk/free", "OTHER");`, /OTHER/],
  ];
  const files = Object.fromEntries(wrong.map(([line], n) => [`wrong${n}.ts`, use(line)]));
  const said = await deno("check", { "api.ts": api, ...files });
  for (const [n, [, why]] of wrong.entries()) {
    ok(said.includes(`wrong${n}.ts`), `wrong${n} passed: ${said}`);
    match(said, why);
  }
});

// TypeScript refuses types that are made of themselves; a node's schemas may be so.
Deno.test("schemas that go in circles give clients that type-check", async () => {
  const circles: unknown[] = [
    { $ref: "#" },
    { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/B" }, B: { $ref: "#/$defs/A" } } },
    { anyOf: [{ $ref: "#" }, { type: "null" }] },
    { allOf: [{ properties: { a: { $ref: "#" } } }, { $ref: "#/allOf/0" }, { $ref: "#/allOf/1" }] },
    { type: "object", additionalProperties: { $ref: "#" } },
    { type: "array", prefixItems: [{ $ref: "#" }], items: { $ref: "#" } },
    { properties: { a: { anyOf: [{ $ref: "#/properties/a" }, { $ref: "#" }] } } },
    { $ref: "#/nowhere" },
    { $ref: "https://example.com/schema" },
    {
      type: "object",
      properties: { __proto__: { type: "string" }, constructor: { type: "null" } },
    },
    { const: { a: [1, -2.5, null, "x", { "b c": true }] } },
    { type: "strange" },
    { enum: [] },
    { allOf: Array.from({ length: 12 }, (_, n) => ({ enum: [`a${n}`, `b${n}`, `c${n}`] })) },
  ];
  const names = [
    "a",
    "a/b",
    "then",
    "x/then",
    "__proto__",
    "constructor/__proto__",
    "a-b",
    "a.b",
    "7",
  ];
  const operations = circles.map((schema, n) => ({
    name: names[n] ?? `op/${n}`,
    type: "query",
    inputSchema: schema,
    outputSchema: schema,
  }));
  const text = generateClient(operations);
  const run = `import { connect } from "./api.ts";
const calls: string[] = [];
const channel = {
  call: (name: string) => Promise.resolve(void calls.push(name)),
  async *subscribe() {},
};
async function made() { return connect(channel); }
const api = await made();
await api.a.$call({} as never); await api.a.b({} as never); await api.$then({} as never);
if (calls.join() !== "a,a/b,then") throw new TypeError(calls.join());
if (Object.getPrototypeOf(api) !== Object.prototype) throw new TypeError("prototype");
`;
  strictEqual(await deno("check", { "api.ts": text, "run.ts": run }), "");
  strictEqual(await deno("run", { "api.ts": text, "run.ts": run }), "");
});

Deno.test("generateClient() refuses names that no operation can have", () => {
  for (const name of ["", "a b", 'a"', "a/", "/a", "a\n", "${a}"]) {
    throws(() => generateClient([{ name, type: "query" }]), OperationDefinitionError);
  }
});

Deno.test("a schema beyond the limits is one of unknown", () => {
  let deep: unknown = { type: "string" };
  for (let n = 0; n < 100; n++) deep = { type: "array", items: deep };
  match(generateClient([{ name: "a", type: "query", outputSchema: deep }]), /AOutput = unknown;/);
});

const EVIL = "pwned()";
/** Text that tries to get out of where it is put. */
const evilText = fc.array(
  fc.constantFrom(
    EVIL,
    "*/",
    "/*",
    "//",
    '"',
    "'",
    "`",
    "${",
    "}",
    ";",
    "\\",
    "\n",
    "\r",
    "\u2028",
    "\u202e",
    "\ud800",
    "*",
    "/",
    " ",
    "@ts-expect-error",
    "@ts-nocheck",
    "</script>",
    "__proto__",
    "a",
  ),
  { maxLength: 12 },
).map((parts) => parts.join(""));

const evilSchema = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.record({ const: evilText, description: evilText }),
    fc.record({ enum: fc.array(evilText, { maxLength: 3 }) }),
    fc.record({ $ref: evilText.map((text) => `#/${text}`) }),
    fc.record({
      type: fc.constantFrom("object", EVIL),
      properties: fc.dictionary(evilText, tie("schema"), { maxKeys: 3 }),
      required: fc.array(evilText, { maxLength: 2 }),
      description: evilText,
    }),
    fc.record({ type: fc.constant("array"), items: tie("schema") }),
    fc.record({ anyOf: fc.array(tie("schema"), { maxLength: 3 }) }),
    fc.record({ type: evilText, $ref: evilText, const: fc.jsonValue() }, { requiredKeys: [] }),
  ),
}));

const evilOperation = fc.record({
  name: fc.stringMatching(/^[A-Za-z0-9_.-]{1,8}(\/[A-Za-z0-9_.-]{1,8}){0,2}$/),
  type: fc.constantFrom("query", "subscription", EVIL),
  description: evilText,
  inputSchema: evilSchema.schema,
  outputSchema: evilSchema.schema,
  errorSchemas: fc.array(
    fc.record({ code: evilText, description: evilText, schema: evilSchema.schema }),
    { maxLength: 2 },
  ),
});

/** Comments and string literals, by the rules of the language. */
const QUOTED = /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/g;

// The node that is asked writes names, descriptions and schemas: none of it may become code.
Deno.test("nothing that a node says becomes code of the client", () => {
  fc.assert(
    fc.property(fc.array(evilOperation, { maxLength: 4 }), (operations) => {
      const text = generateClient(operations);
      const code = text.replace(QUOTED, "");
      const comments = text.match(QUOTED)?.filter((each) => each.startsWith("/")) ?? [];
      ok(!code.includes(EVIL) && !code.includes("pwned("), text);
      doesNotMatch(code, /["'`\\@]|\*\/|\/\*/);
      doesNotMatch(text, /[\u2028\u2029\u202e]|\p{Cs}/u);
      for (const comment of comments) doesNotMatch(comment, /(^|[^\\])@ts-/m);
    }),
    { numRuns: 500 },
  );
});

Deno.test("clients of hostile nodes type-check, and run nothing when they are imported", async () => {
  const samples = fc.sample(fc.array(evilOperation, { maxLength: 8 }), { numRuns: 40, seed: 7 });
  const files = Object.fromEntries(samples.map((each, n) => [`api${n}.ts`, generateClient(each)]));
  const imports = samples.map((_, n) => `import * as api${n} from "./api${n}.ts";`).join("\n");
  const list = samples.map((_, n) => `api${n}`).join(", ");
  const main = `(globalThis as { pwned?: unknown }).pwned = () => Deno.exit(9);
${imports}
for (const module of [${list}]) {
  if (Object.keys(module).sort().join() !== "connect,isDeclared") Deno.exit(8);
  const api = module.connect({ call: () => Deno.exit(7), subscribe: () => Deno.exit(6) });
  if (Object.getPrototypeOf(api) !== Object.prototype) Deno.exit(5);
}
`;
  strictEqual(await deno("check", { ...files, "main.ts": main }), "");
  strictEqual(await deno("run", { ...files, "main.ts": main }), "");
});
