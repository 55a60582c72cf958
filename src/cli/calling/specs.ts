import { CliError, ExitCode } from "../errors.ts";

/** An operation as `services/list` tells of it. */
export interface Listed {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

/** An operation as `services/schema` tells of it, read from a node that need not keep to anything. */
export interface Spec extends Listed {
  readonly inputSchema: unknown;
  readonly outputSchema: unknown;
  readonly errorSchemas: readonly { code: string; description: string; schema: unknown }[];
  /** Scopes that are needed, as text. */
  readonly access: string;
  /** As it came. */
  readonly raw: unknown;
}

/** @throws {CliError} When it is no list of operations. */
export function listedOf(value: unknown): Listed[] {
  if (!Array.isArray(value)) throw strange("services/list");
  return value.map((each) => headOf(each, "services/list"));
}

/** Whether a list of operations came with everything about each. */
export function hasSchemas(value: unknown): value is unknown[] {
  return Array.isArray(value) &&
    value.every((each) => isRecord(each) && Object.hasOwn(each, "inputSchema"));
}

/** @throws {CliError} When it is no operation. */
export function specOf(value: unknown): Spec {
  const head = headOf(value, "services/schema");
  const { inputSchema = true, outputSchema = true, errorSchemas, accessControl } = value as Record<
    string,
    unknown
  >;
  const errors = Array.isArray(errorSchemas) ? errorSchemas.filter(isRecord) : [];
  return {
    ...head,
    inputSchema,
    outputSchema,
    errorSchemas: errors.map(({ code, description, schema = true }) => ({
      code: textOf(code),
      description: textOf(description),
      schema,
    })),
    access: accessOf(isRecord(accessControl) ? accessControl : {}),
    raw: value,
  };
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function headOf(value: unknown, asked: string): Listed {
  if (!isRecord(value) || typeof value.name !== "string") throw strange(asked);
  const { name, type, description } = value;
  return { name, type: textOf(type), description: textOf(description) };
}

function accessOf(access: Record<string, unknown>): string {
  const all = textsOf(access.requiredScopes);
  const any = textsOf(access.requiredScopesAny);
  const resource = [access.resourceType, access.resourceAction].map(textOf).filter((each) => each);
  return [
    ...all,
    ...any.length > 0 ? [any.join(" or ")] : [],
    ...resource.length > 0 ? [`a resource (${resource.join(" ")})`] : [],
  ].join(" and ") || "anyone";
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function strange(asked: string): CliError {
  return new CliError(`The node's answer to ${asked} cannot be read`, ExitCode.PeerFailed);
}
