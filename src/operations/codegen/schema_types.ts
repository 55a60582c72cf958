import { isRecord } from "./is_record.ts";
import { isMadeOf, placeOf, type Steps, stepsOf, valueAt } from "./references.ts";
import { docComment, stringLiteral, typeKey } from "./text.ts";

/** A type as text, and of how many alternatives it is made. */
interface TypeText {
  readonly text: string;
  readonly members: number;
}

/** Where a type is being written. */
interface Place {
  /** The named type it is part of. */
  readonly within: string;
  /** Whether an object or array lies between that and here. */
  readonly deferred: boolean;
  readonly indent: string;
}

const UNKNOWN: TypeText = { text: "unknown", members: 1 };
const NEVER: TypeText = { text: "never", members: 1 };
/** Most alternatives that are listed; more would be slow to check for the compiler. */
const MAX_MEMBERS = 1_000;
/** Most places of a tuple. */
const MAX_TUPLE = 100;

/** Gives names to types; never the same twice. */
export type NameType = (wanted: string) => string;

/**
 * Types of one JSON Schema of draft 2020-12: objects, arrays, tuples, constants, unions,
 * intersections and references within the document, recursive ones too. Whatever else is `unknown`:
 * the check of values is the business of the node.
 */
export class SchemaTypes {
  readonly #document: unknown;
  readonly #name: string;
  readonly #nameType: NameType;
  readonly #names = new Map<string, string>();
  readonly #queue: Steps[] = [];

  /** @param name Of the type of the whole document. */
  constructor(document: unknown, name: string, nameType: NameType) {
    this.#document = document;
    this.#name = name;
    this.#nameType = nameType;
    this.#names.set(placeOf([]), name);
    this.#queue.push([]);
  }

  /** The declarations: of the document, and of everything in it that is referred to. */
  declarations(): string {
    const all: string[] = [];
    for (let steps = this.#queue.shift(); steps; steps = this.#queue.shift()) {
      const schema = valueAt(this.#document, steps);
      const place = { within: placeOf(steps), deferred: false, indent: "" };
      const doc = isRecord(schema) && typeof schema.description === "string"
        ? docComment(schema.description)
        : "";
      const name = this.#names.get(place.within) ?? this.#name;
      all.push(`${doc}export type ${name} = ${this.#type(schema, place).text};\n`);
    }
    return all.join("");
  }

  #type(schema: unknown, place: Place): TypeText {
    if (schema === false) return NEVER;
    if (!isRecord(schema)) return UNKNOWN;
    const parts = [
      this.#reference(schema, place),
      valuesType(schema) ?? this.#namedTypes(schema, place),
      this.#union(schema.anyOf, place),
      this.#union(schema.oneOf, place),
      ...listOf(schema.allOf).map((each) => this.#type(each, place)),
    ];
    const whole = intersection(parts.filter((part) => part !== undefined));
    return schema.nullable === true ? union([whole, { text: "null", members: 1 }]) : whole;
  }

  #reference({ $ref }: Readonly<Record<string, unknown>>, place: Place): TypeText | undefined {
    const steps = stepsOf($ref);
    if (!steps || valueAt(this.#document, steps) === undefined) return undefined;
    if (!place.deferred && isMadeOf(this.#document, steps, place.within)) return undefined;
    return { text: this.#nameOf(steps), members: 1 };
  }

  #nameOf(steps: Steps): string {
    const place = placeOf(steps);
    const known = this.#names.get(place);
    if (known !== undefined) return known;
    const name = this.#nameType(`${this.#name}_${steps.at(-1) ?? ""}`);
    this.#names.set(place, name);
    this.#queue.push(steps);
    return name;
  }

  #union(list: unknown, place: Place): TypeText | undefined {
    const members = listOf(list);
    return members.length === 0 ? undefined : union(members.map((each) => this.#type(each, place)));
  }

  #namedTypes(schema: Readonly<Record<string, unknown>>, place: Place): TypeText | undefined {
    const { type } = schema;
    const names: unknown[] = type === undefined ? impliedTypes(schema) : [type].flat();
    if (names.length === 0) return undefined;
    return union(names.map((name) => this.#namedType(name, schema, place)));
  }

  #namedType(name: unknown, schema: Readonly<Record<string, unknown>>, place: Place): TypeText {
    if (name === "object") return this.#object(schema, place);
    if (name === "array") return this.#array(schema, place);
    const text = typeof name === "string" ? SCALARS.get(name) : undefined;
    return text === undefined ? UNKNOWN : { text, members: 1 };
  }

  #object(schema: Readonly<Record<string, unknown>>, { within, indent }: Place): TypeText {
    const inside = { within, deferred: true, indent: `${indent}  ` };
    const properties = isRecord(schema.properties) ? schema.properties : {};
    const required = listOf(schema.required).filter((name) => typeof name === "string");
    const names = [...new Set([...Object.keys(properties), ...required])].sort();
    const lines = names.map((name) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : true;
      const doc = isRecord(property) && typeof property.description === "string"
        ? docComment(property.description, inside.indent)
        : "";
      const optional = required.includes(name) ? "" : "?";
      const { text } = this.#type(property, inside);
      return `${doc}${inside.indent}${typeKey(name)}${optional}: ${text};\n`;
    });
    const rest = this.#otherKeys(schema, names.length > 0, inside);
    if (rest !== undefined) lines.push(`${inside.indent}[key: string]: ${rest};\n`);
    return { text: `{\n${lines.join("")}${indent}}`, members: 1 };
  }

  /** Keys without a name of their own. Beside named ones of other types only `unknown` is sound. */
  #otherKeys(
    { additionalProperties: others, patternProperties }: Readonly<Record<string, unknown>>,
    hasNamed: boolean,
    inside: Place,
  ): string | undefined {
    if (isRecord(others)) return hasNamed ? "unknown" : this.#type(others, inside).text;
    if (patternProperties !== undefined) return "unknown";
    if (others === false) return hasNamed ? undefined : "never";
    return hasNamed ? undefined : "unknown";
  }

  #array(schema: Readonly<Record<string, unknown>>, { within, indent }: Place): TypeText {
    const inside = { within, deferred: true, indent };
    const { prefixItems, items = true, minItems } = schema;
    const rest = this.#type(items, inside);
    const each = `${bracketed(rest)}[]`;
    const places = listOf(prefixItems);
    if (places.length === 0) return { text: items === false ? "[]" : each, members: 1 };
    if (places.length > MAX_TUPLE) return { text: "unknown[]", members: 1 };
    const least = typeof minItems === "number" ? minItems : 0;
    const texts = places.map((place, index) => {
      const type = this.#type(place, inside);
      return index < least ? type.text : `${bracketed(type)}?`;
    });
    const tail = items === false ? [] : [`...${each}`];
    return { text: `[${[...texts, ...tail].join(", ")}]`, members: 1 };
  }
}

const SCALARS: ReadonlyMap<string, string> = new Map([
  ["string", "string"],
  ["number", "number"],
  ["integer", "number"],
  ["boolean", "boolean"],
  ["null", "null"],
]);

/** What a schema without `type` is about, by its keywords. */
function impliedTypes(schema: Readonly<Record<string, unknown>>): string[] {
  if (isRecord(schema.properties) || isRecord(schema.additionalProperties)) return ["object"];
  return schema.prefixItems !== undefined || schema.items !== undefined ? ["array"] : [];
}

/** The type of `const` or `enum`; undefined where there is neither, or too many to list. */
function valuesType(schema: Readonly<Record<string, unknown>>): TypeText | undefined {
  if (Object.hasOwn(schema, "const")) return { text: literalType(schema.const), members: 1 };
  if (!Array.isArray(schema.enum) || schema.enum.length > MAX_MEMBERS) return undefined;
  return union(schema.enum.map((value) => ({ text: literalType(value), members: 1 })));
}

function literalType(value: unknown): string {
  if (typeof value === "string") return stringLiteral(value);
  if (Array.isArray(value)) return `[${value.map(literalType).join(", ")}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? "unknown";
  const entries = Object.entries(value).map(([key, each]) =>
    `${typeKey(key)}: ${literalType(each)}`
  );
  return `{ ${entries.join("; ")} }`;
}

function union(parts: readonly TypeText[]): TypeText {
  if (parts.some(({ text }) => text === "unknown")) return UNKNOWN;
  const texts = [...new Set(parts.map(({ text }) => text))].filter((text) => text !== "never");
  if (texts.length === 0) return NEVER;
  const members = parts.reduce((sum, part) => sum + part.members, 0);
  return members > MAX_MEMBERS ? UNKNOWN : { text: texts.join(" | "), members };
}

function intersection(parts: readonly TypeText[]): TypeText {
  const telling = parts.filter(({ text }) => text !== "unknown");
  const texts = [...new Set(telling.map(({ text }) => text))];
  const [only] = telling;
  if (!only || texts.length === 0) return UNKNOWN;
  if (texts.length === 1) return only;
  const members = telling.reduce((product, part) => product * part.members, 1);
  return members > MAX_MEMBERS ? UNKNOWN : { text: telling.map(bracketed).join(" & "), members };
}

/** In brackets where an operator beside it would bind more tightly. */
function bracketed({ text }: TypeText): string {
  return /^[\w$]+$|^"[^"\\]*"$/.test(text) ? text : `(${text})`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
