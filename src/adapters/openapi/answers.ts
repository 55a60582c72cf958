import type { ErrorDefinition } from "@alknet/operations";

import { essenceOf, isJson, isText } from "../http/request_body.ts";
import { isRecord, type PlainRecord, recordOf, textOf } from "../plain_data.ts";
import { preferred } from "./bodies.ts";
import type { PortableSchema, SchemaReader } from "../schema/portable_schema.ts";
import { resolved } from "../schema/reference.ts";

/** What an operation answers with. */
export interface Answers {
  /** What goes out where it is called; undefined where it only streams. */
  readonly output: OutputOf | undefined;
  /** The items where it is subscribed to; undefined where it does not stream. */
  readonly items: OutputOf | undefined;
}

/** One kind of output. */
export interface OutputOf {
  /** What it looks like; may refer into the document. */
  readonly schema: unknown;
  /** The media types that are asked for. */
  readonly accept: string;
  /** Whether it is text that is not to be read as JSON. */
  readonly plain: boolean;
}

const EVENTS = "text/event-stream";

/** The outputs of an operation: of all its successful answers. */
export function answersOf(operation: PlainRecord, document: PlainRecord): Answers {
  const successes = responsesOf(operation, document).filter(([status]) =>
    /^2(\d\d|XX)$/.test(status)
  );
  const contents = successes.flatMap(([, response]) => preferred(recordOf(response.content)));
  const events = contents.find(([mediaType]) => essenceOf(mediaType) === EVENTS);
  const others = contents.filter(([mediaType]) => essenceOf(mediaType) !== EVENTS);
  const silent = successes.some(([, { content }]) => Object.keys(recordOf(content)).length === 0);
  return {
    items: events && itemsOf(events[1]),
    output: events && others.length === 0 ? undefined : {
      schema: outputSchema(others, silent),
      accept: acceptOf(others),
      plain: false,
    },
  };
}

function outputSchema(contents: readonly [string, PlainRecord][], silent: boolean): unknown {
  const schemas = contents.map(([mediaType, content]): unknown => {
    const essence = essenceOf(mediaType);
    if (isJson(essence)) return content.schema ?? true;
    return isText(essence) ? { type: "string" } : { type: "string", contentEncoding: "base64" };
  });
  const all = silent ? [...schemas, { type: "null" }] : schemas;
  return all.length > 1 ? { anyOf: all } : all[0] ?? true;
}

function acceptOf(contents: readonly [string, PlainRecord][]): string {
  const names = contents.map(([mediaType]) => essenceOf(mediaType))
    .filter((essence) => /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(essence));
  return names.length === 0 ? "*/*" : [...new Set(names)].join(", ");
}

function itemsOf({ schema }: PlainRecord): OutputOf {
  const plain = isRecord(schema) && schema.type === "string";
  const known = schema === undefined || plain;
  return {
    schema: known ? schema ?? true : { anyOf: [schema, { type: "string" }] },
    accept: EVENTS,
    plain,
  };
}

/** Most statuses with an error of their own. */
const MAX_ERRORS = 64;

/** The errors that an operation declares, those with a status of their own, and their checks. */
export function errorsOf(
  operation: PlainRecord,
  document: PlainRecord,
  schemas: SchemaReader,
): (ErrorDefinition & { readonly checked: PortableSchema["checked"] })[] {
  return responsesOf(operation, document)
    .filter(([status]) => /^[345]\d\d$/.test(status))
    .slice(0, MAX_ERRORS)
    .map(([status, response]) => {
      const description = textOf(response.description);
      const { shown, checked } = schemas.portable(errorSchema(response), "response");
      return {
        code: `HTTP_${status}`,
        ...(description ? { description } : {}),
        schema: shown,
        checked,
        httpStatus: Number(status),
      };
    });
}

function errorSchema({ content }: PlainRecord): unknown {
  const [first] = preferred(recordOf(content));
  return first && isJson(essenceOf(first[0])) ? first[1].schema ?? true : true;
}

function responsesOf(operation: PlainRecord, document: PlainRecord): [string, PlainRecord][] {
  return Object.entries(recordOf(operation.responses)).flatMap(([status, each]) => {
    const response = resolved(each, document);
    return response ? [[status.toUpperCase(), response] as [string, PlainRecord]] : [];
  });
}
