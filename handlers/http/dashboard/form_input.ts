import type { JsonSchema } from "@alknet/operations";

/** How one member of an input is asked for. */
export type FieldKind = "text" | "number" | "integer" | "boolean" | "choice" | "lines" | "json";

/** One member of an operation's input, as a form shows it. */
export interface FormField {
  /** The member; empty where the input as a whole is one field. */
  readonly name: string;
  /** How it is asked for. */
  readonly kind: FieldKind;
  /** Whether it may be left out. */
  readonly optional: boolean;
  /** What it is for, in words. */
  readonly description: string;
  /** What may be chosen, for a choice. */
  readonly choices: readonly string[];
  /** What stands there at first, as text. */
  readonly fallback: string;
}

/** A field that cannot be understood; the message is for the person at the form. */
export class FormInputError extends TypeError {
  /** The class's name. */
  override readonly name = "FormInputError";
  /** Who has to act. */
  readonly blame = "user";
}

type SchemaObject = Readonly<Record<string, unknown>>;

/** Most fields shown one by one; a larger input is one field of JSON. */
const MAX_FIELDS = 40;

/** The fields of a form for an input: one a property, or one of JSON for whatever is no object. */
export function fieldsOf(schema: JsonSchema): FormField[] {
  const properties = propertiesOf(schema);
  if (!properties) return isNothing(schema) ? [] : [wholeInput()];
  const required = new Set(listOf(objectOf(schema).required));
  return Object.entries(properties).map(([name, property]) =>
    fieldOf(name, objectOf(property), !required.has(name))
  );
}

function wholeInput(): FormField {
  return {
    name: "",
    kind: "json",
    optional: true,
    description: "The input, as JSON",
    choices: [],
    fallback: "",
  };
}

/** Properties, where they are all there is to an input. */
function propertiesOf(schema: JsonSchema): SchemaObject | undefined {
  const { properties, type } = objectOf(schema);
  if (type !== "object" || typeof properties !== "object" || properties === null) return undefined;
  const all = objectOf(properties);
  return Object.keys(all).length <= MAX_FIELDS && !Object.hasOwn(all, "") ? all : undefined;
}

/** An object without properties, which every input without members fits. */
function isNothing(schema: JsonSchema): boolean {
  const { type, additionalProperties } = objectOf(schema);
  return type === "object" && additionalProperties === false;
}

function fieldOf(name: string, schema: SchemaObject, optional: boolean): FormField {
  const { description, enum: choices } = schema;
  const fallback = schema.default;
  return {
    name,
    kind: kindOf(schema),
    optional,
    description: typeof description === "string" ? description : "",
    choices: listOf(choices),
    fallback: fallback === undefined ? "" : textOf(fallback),
  };
}

function kindOf(schema: SchemaObject): FieldKind {
  if (listOf(schema.enum).length > 0) return "choice";
  switch (schema.type) {
    case "string":
      return "text";
    case "number":
    case "integer":
    case "boolean":
      return schema.type;
    case "array":
      return objectOf(schema.items).type === "string" ? "lines" : "json";
  }
  return "json";
}

/**
 * The input that a filled form stands for; what is optional and empty is left out.
 *
 * @throws {FormInputError} For a field that is no number, or no JSON, where one is wanted.
 */
export function inputFrom(fields: readonly FormField[], form: FormData): unknown {
  const [whole] = fields;
  if (whole?.name === "") return valueOf(whole, textIn(form, inputName(whole))) ?? {};
  const entries = fields.map((field): [string, unknown] => [
    field.name,
    valueOf(field, textIn(form, inputName(field))),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** What a field is called in the form, apart from names the form itself uses. */
export function inputName({ name }: FormField): string {
  return `input.${name}`;
}

function valueOf(field: FormField, text: string): unknown {
  if (field.kind === "boolean") return booleanOf(field, text);
  if (text.trim() === "") return field.optional ? undefined : emptyOf(field);
  switch (field.kind) {
    case "number":
    case "integer":
      return numberOf(field, text);
    case "lines":
      return text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
    case "json":
      return jsonOf(field, text);
  }
  return text;
}

/** Three states where it may be left out, two where it may not. */
function booleanOf({ optional }: FormField, text: string): boolean | undefined {
  return text === "" && optional ? undefined : text === "true";
}

function emptyOf(field: FormField): unknown {
  if (field.kind === "lines") return [];
  if (field.kind === "text") return "";
  throw new FormInputError(`"${field.name}" is needed`);
}

function numberOf(field: FormField, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new FormInputError(`"${field.name}" must be a number`);
}

function jsonOf(field: FormField, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = field.name === "" ? "The input" : `"${field.name}"`;
    throw new FormInputError(`${what} must be JSON`, { cause: error });
  }
}

/** A value as the text that a field of a form has for it. */
export function fieldText(value: unknown): string {
  if (value === undefined) return "";
  const lines = Array.isArray(value) && value.every((each) => typeof each === "string");
  return lines ? value.join("\n") : textOf(value);
}

function textIn(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

function objectOf(value: unknown): SchemaObject {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
