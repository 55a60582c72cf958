import type { JsonSchema, OperationSpec } from "@alknet/operations";

import { fieldsOf } from "./form_input.ts";

/** Things of one kind that a node can list, with what can be done to each. */
export interface Collection {
  /** The namespace, such as `peers`. */
  readonly namespace: string;
  /** Lists them. */
  readonly list: OperationSpec;
  /** What is done to one of them: all it needs stands in its row. */
  readonly actions: readonly OperationSpec[];
  /** What needs more than a row: adding and changing. */
  readonly forms: readonly OperationSpec[];
}

/**
 * The collections among operations: each namespace with a query `list`. So that new kinds of things
 * have a page by what they are, without one being written for them.
 */
export function collectionsOf(specs: readonly OperationSpec[]): Collection[] {
  return specs.filter(isList).map((list) => {
    const { namespace } = list;
    const changing = specs.filter((spec) =>
      spec.namespace === namespace && spec.type === "mutation"
    );
    const keys = rowKeys(list.outputSchema);
    const actions = changing.filter((spec) => isAction(spec, keys));
    const forms = changing.filter((spec) => !actions.includes(spec));
    return { namespace, list, actions, forms };
  });
}

function isList({ name, namespace, type, inputSchema }: OperationSpec): boolean {
  const needsNothing = fieldsOf(inputSchema).every(({ optional }) => optional);
  return name === `${namespace}/list` && type === "query" && needsNothing;
}

/** All of its input can be read off a row, and there is some. */
function isAction({ inputSchema }: OperationSpec, keys: ReadonlySet<string>): boolean {
  const fields = fieldsOf(inputSchema);
  return fields.length > 0 && fields.every(({ name }) => keys.has(name));
}

/** The members of the things a list returns. */
function rowKeys(schema: JsonSchema): Set<string> {
  const items = member(schema, "items") ?? onlyList(schema);
  return new Set(Object.keys(member(items, "properties") ?? {}));
}

/** The items of the one array in an object, for lists that come wrapped. */
function onlyList(schema: unknown): unknown {
  const arrays = Object.values(member(schema, "properties") ?? {})
    .map((property) => member(property, "items"))
    .filter((items) => items !== undefined);
  return arrays.length === 1 ? arrays[0] : undefined;
}

function member(value: unknown, key: string): object | undefined {
  const found: unknown = typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
  return typeof found === "object" && found !== null ? found : undefined;
}

/** The rows of a list's answer, plain or wrapped in an object. */
export function rowsOf(output: unknown): Readonly<Record<string, unknown>>[] {
  const list = Array.isArray(output)
    ? output
    : Object.values(objectOf(output)).find((value) => Array.isArray(value));
  return Array.isArray(list) ? list.map(objectOf) : [];
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : { value };
}
