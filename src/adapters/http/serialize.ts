import { isRecord } from "../plain_data.ts";
import type { Parameter } from "./parameter.ts";

/** A name and a value as they stand in a query or in cookies, percent-encoded. */
export type Pair = readonly [name: string, value: string];

/** Nesting to which deepObject is written; what lies deeper becomes JSON. */
const MAX_DEEP_OBJECT_DEPTH = 8;

/**
 * Writes a parameter of a path: styles simple, label and matrix (RFC 6570 sections 3.2.2, 3.2.5 and
 * 3.2.7). What a value holds is percent-encoded, slashes too.
 */
export function pathText(parameter: Parameter, value: unknown): string {
  const { style, name } = parameter;
  const encoded = encode(name);
  if (style === "label") return `.${joined(parameter, value, parameter.explode ? "." : ",")}`;
  if (style !== "matrix") return joined(parameter, value, ",");
  if (!parameter.explode) return `;${encoded}=${joined(parameter, value, ",")}`;
  return pairsOf(parameter, value).map(([key, text]) => `;${key}=${text}`).join("");
}

/** Writes a parameter of a header: style simple, without percent-encoding. */
export function headerText(parameter: Parameter, value: unknown): string {
  return joined(parameter, value, ",", String);
}

/** Writes a parameter of a query or of cookies: styles form, the delimited ones, deepObject. */
export function pairsOf(parameter: Parameter, value: unknown): Pair[] {
  const { style, explode, json } = parameter;
  const write = (text: string): string => encode(text, parameter.allowReserved);
  const name = encode(parameter.name);
  if (json) return [[name, write(JSON.stringify(value))]];
  if (style === "deepObject" && isRecord(value)) return deepPairs(parameter.name, value, write);
  if (explode && Array.isArray(value)) return value.map((each) => [name, write(scalar(each))]);
  if (explode && isRecord(value)) {
    return entries(value).map(([key, each]) => [encode(key), write(scalar(each))]);
  }
  const delimiter = style === "spaceDelimited" ? "%20" : style === "pipeDelimited" ? "%7C" : ",";
  return [[name, joined(parameter, value, delimiter, write)]];
}

function joined(
  { explode, json }: Parameter,
  value: unknown,
  delimiter: string,
  write: (text: string) => string = encode,
): string {
  if (json) return write(JSON.stringify(value));
  if (Array.isArray(value)) return value.map((each) => write(scalar(each))).join(delimiter);
  if (!isRecord(value)) return write(scalar(value));
  const equals = explode ? "=" : delimiter;
  return entries(value)
    .map(([key, each]) => `${write(key)}${equals}${write(scalar(each))}`)
    .join(delimiter);
}

function deepPairs(name: string, root: unknown, write: (text: string) => string): Pair[] {
  const pairs: Pair[] = [];
  const walk = (prefix: string, value: unknown, depth: number): void => {
    if (Array.isArray(value)) {
      for (const each of value) pairs.push([encode(prefix), write(scalar(each))]);
    } else if (isRecord(value) && depth < MAX_DEEP_OBJECT_DEPTH) {
      for (const [key, each] of entries(value)) walk(`${prefix}[${key}]`, each, depth + 1);
    } else {
      pairs.push([encode(prefix), write(scalar(value))]);
    }
  };
  walk(name, root, 0);
  return pairs;
}

function entries(value: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(value).filter(([, each]) => each !== undefined);
}

/** What has no style of its own is written as JSON; null is written as nothing. */
function scalar(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** RFC 3986 section 2.2, without those that would end a query, a pair or a name. */
const KEPT = /%(3A|2F|3F|5B|5D|40|24|2C|3B)/g;

/** Percent-encodes text, whatever it is: half a surrogate pair becomes U+FFFD. */
function encode(text: string, allowReserved = false): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  return allowReserved ? encoded.replace(KEPT, (each) => decodeURIComponent(each)) : encoded;
}
