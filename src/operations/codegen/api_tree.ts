import { docComment, stringLiteral, typeKey, valueKey } from "./text.ts";

/** An operation as the proxy shows it. */
export interface ApiOperation {
  /** The whole name, such as `disk/free`. */
  readonly name: string;
  readonly subscription: boolean;
  readonly description: string;
  /** Names of its types. */
  readonly input: string;
  readonly output: string;
  /** Whether it can be called without an input. */
  readonly optionalInput: boolean;
}

/** Operations by the segments of their names. */
interface Branch {
  readonly children: Map<string, Branch>;
  operation?: ApiOperation;
}

/** Where a name is both an operation and the beginning of others; no segment can be called so. */
const OWN_KEY = "$call";
/** An object with a function of this name is taken for a promise by `await`. */
const PROMISE_KEY = "then";

/** The interface and the object that mirror the names of operations. */
export function apiTree(operations: readonly ApiOperation[]): { type: string; value: string } {
  const root: Branch = { children: new Map() };
  for (const operation of operations) {
    let branch = root;
    for (const segment of operation.name.split("/")) {
      const next = branch.children.get(segment) ?? { children: new Map() };
      branch.children.set(segment, next);
      branch = next;
    }
    branch.operation = operation;
  }
  return { type: typeOf(root, ""), value: valueOf(root, "  ") };
}

function typeOf(branch: Branch, indent: string): string {
  const inside = `${indent}  `;
  const lines = entriesOf(branch).map(([key, entry]) =>
    "name" in entry
      ? `${docComment(entry.description, inside)}${inside}${typeKey(key)}${signature(entry)};\n`
      : `${inside}readonly ${typeKey(key)}: ${typeOf(entry, inside)};\n`
  );
  return `{\n${lines.join("")}${indent}}`;
}

function valueOf(branch: Branch, indent: string): string {
  const inside = `${indent}  `;
  const lines = entriesOf(branch).map(([key, entry]) =>
    `${inside}${valueKey(key)}: ${"name" in entry ? functionOf(entry) : valueOf(entry, inside)},\n`
  );
  return `{\n${lines.join("")}${indent}}`;
}

/** What stands under a branch, with the keys it has in the proxy. */
function entriesOf({ children, operation }: Branch): [string, Branch | ApiOperation][] {
  const own: [string, ApiOperation][] = operation ? [[OWN_KEY, operation]] : [];
  const below = [...children].map(([segment, child]): [string, Branch | ApiOperation] => {
    if (!child.operation || child.children.size > 0) return [segment, child];
    return [segment === PROMISE_KEY ? `$${segment}` : segment, child.operation];
  });
  return [...own, ...below];
}

function signature({ input, output, optionalInput, subscription }: ApiOperation): string {
  const given = `input${optionalInput ? "?" : ""}: ${input}, options?: CallOptions`;
  return `(${given}): ${subscription ? "AsyncIterable" : "Promise"}<${output}>`;
}

function functionOf({ name, output, optionalInput, subscription }: ApiOperation): string {
  const method = subscription ? "subscribe" : "call";
  const result = `${subscription ? "AsyncIterable" : "Promise"}<${output}>`;
  const given = optionalInput ? "input === undefined ? {} : input" : "input";
  const called = `client.${method}(${stringLiteral(name)}, ${given}, options)`;
  return `(input, options) =>\n      ${called} as ${result}`;
}
