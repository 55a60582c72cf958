import { isRecord, listOf, memberOf, type PlainRecord, recordOf, textOf } from "../plain_data.ts";
import type { Parameter, ParameterPlace, ParameterStyle } from "../http/parameter.ts";
import { resolved } from "../schema/reference.ts";

/** A parameter with the schema of its values, which may refer into the document. */
export interface DocumentParameter extends Parameter {
  /** What its values look like. */
  readonly schema: unknown;
  /** In words; undefined where nobody wrote any. */
  readonly description: string | undefined;
}

/** Places in the order in which they get the names they want. */
const PLACES: readonly ParameterPlace[] = ["path", "query", "header", "cookie"];

/** Headers that a parameter cannot set: they belong to HTTP, or to how the request is made. */
const OWN_HEADERS: ReadonlySet<string> = new Set(
  ("accept accept-encoding authorization connection content-length content-type cookie expect " +
    "host keep-alive origin proxy-authorization proxy-connection te trailer transfer-encoding " +
    "upgrade via").split(" "),
);

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const STYLES: Readonly<Record<ParameterPlace, readonly ParameterStyle[]>> = {
  path: ["simple", "label", "matrix"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form"],
};

/**
 * The parameters of an operation, those of its path included, with the keys they have in the
 * operation's input: their names, and `query.id` where another parameter or the body has the name.
 *
 * @param taken Keys that are taken already.
 */
export function parametersOf(
  operation: PlainRecord,
  pathItem: PlainRecord,
  document: PlainRecord,
  taken: ReadonlySet<string>,
): DocumentParameter[] {
  const found = new Map<string, PlainRecord>();
  for (const each of [...listOf(pathItem.parameters), ...listOf(operation.parameters)]) {
    const parameter = resolved(each, document);
    if (parameter) found.set(`${parameter.in} ${parameter.name}`, parameter);
  }
  const keys = new Set(taken);
  return PLACES.flatMap((place) =>
    [...found.values()]
      .filter((parameter) => parameter.in === place && isUsable(parameter, place))
      .map((parameter) => parameterOf(parameter, place, keys))
  );
}

function isUsable({ name }: PlainRecord, place: ParameterPlace): boolean {
  if (typeof name !== "string" || name === "") return false;
  if (place === "header") return TOKEN.test(name) && !OWN_HEADERS.has(name.toLowerCase());
  return place !== "cookie" || TOKEN.test(name);
}

function parameterOf(
  parameter: PlainRecord,
  place: ParameterPlace,
  keys: Set<string>,
): DocumentParameter {
  const name = textOf(parameter.name) ?? "";
  const content = Object.values(recordOf(parameter.content)).find(isRecord);
  const style = STYLES[place].find((each) => each === parameter.style) ?? defaultStyle(place);
  return {
    key: freeKey(name, place, keys),
    name,
    in: place,
    required: place === "path" || parameter.required === true,
    style,
    explode: typeof parameter.explode === "boolean" ? parameter.explode : style === "form",
    allowReserved: place === "query" && parameter.allowReserved === true,
    json: content !== undefined,
    schema: content ? memberOf(content, "schema") : parameter.schema,
    description: textOf(parameter.description),
  };
}

function defaultStyle(place: ParameterPlace): ParameterStyle {
  return place === "query" || place === "cookie" ? "form" : "simple";
}

function freeKey(name: string, place: ParameterPlace, keys: Set<string>): string {
  let key = keys.has(name) || name === "__proto__" ? `${place}.${name}` : name;
  while (keys.has(key)) key = `${place}.${key}`;
  keys.add(key);
  return key;
}
