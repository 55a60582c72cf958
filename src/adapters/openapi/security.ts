import type { AuthRequirement, HttpAuth } from "../http/http_auth.ts";
import { isRecord, listOf, memberOf, type PlainRecord, textOf } from "../plain_data.ts";
import { resolved } from "../schema/reference.ts";

/** Most alternatives of one operation, and most credentials of one alternative. */
const MAX_ALTERNATIVES = 16;

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * The credentials that an operation wants, by the document. Alternatives with a scheme that cannot
 * be served (client certificates, HTTP schemes but basic and bearer) are left out.
 */
export function securityOf(operation: PlainRecord, document: PlainRecord): AuthRequirement[][] {
  const alternatives = listOf(operation.security ?? document.security);
  return alternatives.slice(0, MAX_ALTERNATIVES).flatMap((each) => {
    if (!isRecord(each)) return [];
    const names = Object.keys(each).slice(0, MAX_ALTERNATIVES);
    const all = names.flatMap((name) => requirementOf(name, document) ?? []);
    return all.length === names.length ? [all] : [];
  });
}

function requirementOf(name: string, document: PlainRecord): AuthRequirement | undefined {
  const schemes = memberOf(document.components, "securitySchemes");
  const scheme = resolved(memberOf(schemes, name), document);
  const auth = scheme && authOf(scheme);
  return auth && { capability: name, auth };
}

function authOf(scheme: PlainRecord): HttpAuth | undefined {
  const { type, in: place } = scheme;
  if (type === "oauth2" || type === "openIdConnect") return { type: "bearer" };
  if (type === "http") {
    const name = textOf(scheme.scheme)?.toLowerCase();
    return name === "bearer" || name === "basic" ? { type: name } : undefined;
  }
  const name = textOf(scheme.name) ?? "";
  const known = place === "header" || place === "query" || place === "cookie";
  if (type !== "apiKey" || !known || !TOKEN.test(name)) return undefined;
  return { type: "apiKey", in: place, name };
}
