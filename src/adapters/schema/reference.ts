import { isRecord, memberOf, type PlainRecord } from "../plain_data.ts";

/** Most references followed one after the other. */
const MAX_HOPS = 16;

/**
 * The object that stands somewhere in a document, or that a reference there leads to. Members beside
 * the reference count only where there is no reference.
 *
 * @returns Undefined for anything else, for a circle, and for a reference to nothing.
 */
export function resolved(value: unknown, document: PlainRecord): PlainRecord | undefined {
  let at = value;
  for (let hops = 0; hops <= MAX_HOPS; hops++) {
    if (!isRecord(at)) return undefined;
    const reference = memberOf(at, "$ref");
    if (typeof reference !== "string") return at;
    at = valueAt(document, reference);
  }
  return undefined;
}

/** What a reference such as `#/components/schemas/Pet` names (RFC 6901 section 6). */
export function valueAt(document: PlainRecord, reference: string): unknown {
  if (reference === "#") return document;
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = document;
  for (const step of reference.slice(2).split("/")) {
    const key = decodedStep(step);
    at = Array.isArray(at) ? at[Number(key)] : memberOf(at, key);
  }
  return at;
}

function decodedStep(step: string): string {
  const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // no percent-encoding, so it is meant as it stands
  }
}
