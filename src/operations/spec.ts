import type { AccessControl } from "./access.ts";
import type { OperationType } from "./context.ts";
import { OperationDefinitionError } from "./errors.ts";
import type { JsonSchema } from "./json_schema.ts";

/** Who may find an operation: callers from the wire, or only other operations of this node. */
export type Visibility = "external" | "internal";

/** An error that callers of an operation are told of. */
export interface ErrorDefinition {
  /** What callers switch on. */
  readonly code: string;
  /** In words. */
  readonly description?: string;
  /** What the details look like. */
  readonly schema: JsonSchema;
  /** The status where it is told over HTTP. */
  readonly httpStatus?: number;
}

/** What there is to know of an operation; plain data. */
export interface OperationSpec {
  /** Segments joined by `/`, such as `fs/readFile`; no slash in front. */
  readonly name: string;
  /** The first segment. */
  readonly namespace: string;
  /** Whether it reads, changes or streams. */
  readonly type: OperationType;
  /** Who may find it. */
  readonly visibility: Visibility;
  /** In words; empty where nobody wrote any. */
  readonly description: string;
  /** What goes in. */
  readonly inputSchema: JsonSchema;
  /** What comes out; of a subscription, each item. */
  readonly outputSchema: JsonSchema;
  /** How it fails, beside the codes of the protocol. */
  readonly errorSchemas: readonly ErrorDefinition[];
  /** What a caller needs. */
  readonly accessControl: AccessControl;
  /** Where in the input the resource's id stands, such as `$.containerId`. */
  readonly resourceIdPath?: string;
  /** Whether doing it twice is as good as once. */
  readonly idempotent: boolean;
}

const NAME = /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/;
const MAX_NAME_CHARACTERS = 256;

/**
 * Checks a name.
 *
 * @throws {OperationDefinitionError} When it is not made of segments of `A-Za-z0-9_.-`.
 */
export function parseName(name: string): string {
  if (name.length > MAX_NAME_CHARACTERS || !NAME.test(name)) {
    throw new OperationDefinitionError(
      `Cannot name an operation "${name.slice(0, 80)}": write segments of A-Za-z0-9_.- with "/"`,
    );
  }
  return name;
}

/** The first segment of a name. */
export function namespaceOf(name: string): string {
  return name.split("/", 1)[0] ?? name;
}

/** A name as it stands in specs: the wire writes it with a slash in front, or without. */
export function bareName(name: string): string {
  return name.startsWith("/") ? name.slice(1) : name;
}
