import { bodyFormOf, essenceOf, isJson, isText, type RequestBody } from "../http/request_body.ts";
import { isRecord, listOf, memberOf, type PlainRecord, recordOf } from "../plain_data.ts";
import { resolved } from "../schema/reference.ts";

/** A body with the schema of its value, which may refer into the document. */
export interface DocumentBody extends RequestBody {
  /** Its key in the operation's input. */
  readonly key: string;
  /** What the value looks like in the operation's input. */
  readonly schema: unknown;
}

/** The key of the body in an operation's input. */
export const BODY_KEY = "body";

/** Bytes as they stand in JSON. */
const BASE64 = { type: "string", contentEncoding: "base64" };

/** RFC 9110 section 8.3.1, parameters left out. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;

/** The body that an operation wants, in the form that says most about it. */
export function bodyOf(operation: PlainRecord, document: PlainRecord): DocumentBody | undefined {
  const requestBody = resolved(operation.requestBody, document);
  const [chosen] = preferred(recordOf(requestBody?.content));
  if (!requestBody || !chosen) return undefined;
  const [written, mediaType] = chosen;
  const form = bodyFormOf(written);
  const schema = resolved(mediaType.schema, document);
  const binaryParts = form === "multipart" ? binaryPartsOf(schema, document) : new Set<string>();
  return {
    key: BODY_KEY,
    mediaType: MEDIA_TYPE.test(written) ? written : "application/octet-stream",
    form,
    required: requestBody.required === true,
    binaryParts,
    schema: form === "base64"
      ? BASE64
      : form === "text"
      ? { type: "string" }
      : form === "multipart"
      ? withBase64(schema, binaryParts)
      : mediaType.schema,
  };
}

/** Media types by how much a program can make of them. */
export function preferred(content: PlainRecord): [string, PlainRecord][] {
  const rank = (mediaType: string): number => {
    const essence = essenceOf(mediaType);
    if (isJson(essence)) return essence === "application/json" ? 0 : 1;
    const form = bodyFormOf(essence);
    return form === "form" ? 2 : form === "multipart" ? 3 : isText(essence) ? 4 : 5;
  };
  return Object.entries(content)
    .flatMap(([name, each]): [string, PlainRecord][] => isRecord(each) ? [[name, each]] : [])
    .sort(([a], [b]) => rank(a) - rank(b));
}

function binaryPartsOf(schema: unknown, document: PlainRecord): Set<string> {
  const properties = Object.entries(recordOf(memberOf(schema, "properties")));
  return new Set(
    properties.filter(([, each]) => {
      const property = resolved(each, document);
      return isBinary(property) || isBinary(resolved(property?.items, document));
    }).map(([name]) => name),
  );
}

/** What `format: binary` of OpenAPI 3.0 becomes in 3.1: no type at all. */
function isBinary(schema: PlainRecord | undefined): boolean {
  if (!schema) return false;
  if (schema.type === undefined && schema.contentMediaType !== undefined) return true;
  return schema.type === "string" &&
    (schema.format === "binary" || schema.contentEncoding === "base64");
}

function withBase64(schema: PlainRecord | undefined, parts: ReadonlySet<string>): PlainRecord {
  const properties = Object.entries(recordOf(schema?.properties)).map(([name, each]) =>
    parts.has(name) ? [name, { anyOf: [BASE64, { type: "array", items: BASE64 }] }] : [name, each]
  );
  const required = listOf(schema?.required);
  return { type: "object", properties: Object.fromEntries(properties), required };
}
