import { CallCode, CallError, type Capabilities } from "@alknet/operations";

import { memberOf } from "../plain_data.ts";
import { addCredentials, type AuthRequirement, type AuthTarget } from "./http_auth.ts";
import type { Parameter, ParameterPlace } from "./parameter.ts";
import { encodedBody, type RequestBody } from "./request_body.ts";
import { headerText, pairsOf, pathText } from "./serialize.ts";

/** What is fixed about the requests of one operation. */
export interface RequestTemplate {
  /** In upper case. */
  readonly method: string;
  /** Where the service is; its path is a prefix. */
  readonly baseUrl: URL;
  /** A path with `{name}` for each parameter. */
  readonly path: string;
  /** All parameters. */
  readonly parameters: readonly Parameter[];
  /** Default: no body. */
  readonly body?: RequestBody | undefined;
  /** Media types that are asked for. */
  readonly accept: string;
  /** Headers of every request. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Alternatives, each with all credentials that it needs. */
  readonly auth: readonly (readonly AuthRequirement[])[];
  /** The capability that stands for any that is not there by its own name. */
  readonly credential: string;
}

/** A request but for its signal. */
export interface BuiltRequest {
  /** In upper case. */
  readonly method: string;
  /** Within the base URL. */
  readonly url: URL;
  /** Credentials included. */
  readonly headers: Headers;
  /** Undefined for none. */
  readonly body: BodyInit | undefined;
}

/**
 * Makes a request of an input. Whatever the input, the request goes below the base URL, has the
 * headers of the template, and its credentials come from the capabilities.
 *
 * @throws {CallError} INVALID_INPUT for an input that no request can be made of.
 */
export function buildRequest(
  template: RequestTemplate,
  input: unknown,
  capabilities: Capabilities,
): BuiltRequest {
  const { method, parameters, baseUrl, auth, credential } = template;
  const given = givenValues(parameters, input);
  const pairs = (place: ParameterPlace): AuthTarget["query"] =>
    given.filter(({ parameter }) => parameter.in === place)
      .flatMap(({ parameter, value }) => pairsOf(parameter, value));
  const target: AuthTarget = {
    headers: new Headers({ accept: template.accept, ...template.headers }),
    query: pairs("query"),
    cookies: pairs("cookie"),
  };
  for (const { parameter, value } of given) {
    if (parameter.in === "header") setHeader(target.headers, parameter, value);
  }
  const encoded = template.body && encodedBody(template.body, input);
  if (encoded?.contentType !== undefined) target.headers.set("content-type", encoded.contentType);
  addCredentials(target, { alternatives: auth, capabilities, fallback: credential });
  if (target.cookies.length > 0) target.headers.set("cookie", text(target.cookies, "; "));
  const url = urlOf(baseUrl, filledPath(template.path, given));
  url.search = text(target.query, "&");
  return { method, url, headers: target.headers, body: encoded?.body };
}

interface Given {
  readonly parameter: Parameter;
  readonly value: unknown;
}

function givenValues(parameters: readonly Parameter[], input: unknown): Given[] {
  const given: Given[] = [];
  for (const parameter of parameters) {
    const value = memberOf(input, parameter.key);
    if (value !== undefined && value !== null) given.push({ parameter, value });
    else if (parameter.required) throw unusable(parameter.key, "is required");
  }
  return given;
}

/** RFC 9110 section 5.5, without the obsolete bytes. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

function setHeader(headers: Headers, parameter: Parameter, value: unknown): void {
  const written = headerText(parameter, value);
  if (!HEADER_VALUE.test(written)) throw unusable(parameter.key, "cannot stand in a header");
  headers.set(parameter.name, written);
}

function filledPath(path: string, given: readonly Given[]): string {
  return path.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const found = given.find(({ parameter }) => parameter.in === "path" && parameter.name === name);
    const written = found ? pathText(found.parameter, found.value) : "";
    // An empty segment would address the collection instead of the thing.
    if (!found || written === "") throw unusable(found?.parameter.key ?? name, "must not be empty");
    return written;
  });
}

/** What a URL parser takes for a step within a path (WHATWG URL section 4.4). */
const DOT_SEGMENT = /^(\.|%2e){1,2}$/i;

function urlOf(baseUrl: URL, path: string): URL {
  if (path.split("/").some((segment) => DOT_SEGMENT.test(segment))) {
    throw new CallError(CallCode.InvalidInput, "Cannot put the input into a path: it is a dot");
  }
  const url = new URL(baseUrl);
  url.search = url.hash = "";
  url.pathname = url.pathname.replace(/\/$/, "") + path;
  return url;
}

function text(pairs: AuthTarget["query"], separator: string): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join(separator);
}

function unusable(key: string, message: string): CallError {
  const path = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return new CallError(CallCode.InvalidInput, "Cannot make a request of the input", {
    details: { issues: [{ path, message }] },
  });
}
