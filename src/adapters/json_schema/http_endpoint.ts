import { schemaCheck } from "@alknet/operations";

import type { RequestTemplate } from "../http/build_request.ts";
import type { HttpAuth } from "../http/http_auth.ts";
import { HTTP_ERRORS } from "../http/http_errors.ts";
import { httpHandler, type HttpOptions } from "../http/http_handler.ts";
import { httpUrl } from "../http/http_url.ts";
import type { Parameter } from "../http/parameter.ts";
import type { RequestBody } from "../http/request_body.ts";
import { listOf, memberOf, recordOf } from "../plain_data.ts";
import type { ForeignHandler, JsonSchemaOperation } from "./operations_from_json_schema.ts";

/** Settings of {@linkcode httpEndpoint}. */
export interface HttpEndpointOptions extends HttpOptions {
  /** Where requests go; `{name}` stands for the operation's name. A query in it is not sent. */
  readonly url: string;
  /** With GET the input's members become the query, else the input is the JSON body. Default: POST. */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** How the service wants its credential. Default: as a bearer token. */
  readonly auth?: HttpAuth;
  /** The capability that is the credential. Default: none is sent. */
  readonly credential?: string;
  /** Headers of every request; no secrets. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Runs operations by HTTP requests to one endpoint. Subscriptions read server-sent events.
 *
 * @throws {AdapterError} `discovery-failed` for a URL that is not `http:` or `https:`.
 */
export function httpEndpoint(options: HttpEndpointOptions): ForeignHandler {
  httpUrl(urlFor("name", options));
  const { fetch, timeoutMs, maxResponseBytes } = options;
  return {
    errors: HTTP_ERRORS,
    handlerFor: (operation) =>
      httpHandler({
        fetch,
        timeoutMs,
        maxResponseBytes,
        template: templateOf(operation, options),
        errors: new Map(
          (operation.errors ?? [])
            .map(({ code, schema }) => [code, schemaCheck(schema, { foreign: true })]),
        ),
        stream: operation.type === "subscription" ? "json" : undefined,
      }),
  };
}

function templateOf(operation: JsonSchemaOperation, options: HttpEndpointOptions): RequestTemplate {
  const { method = "POST", auth = { type: "bearer" }, credential, headers } = options;
  const url = httpUrl(urlFor(operation.name, options));
  const reads = method === "GET";
  return {
    method,
    baseUrl: new URL("/", url),
    path: url.pathname.replace(/[{}]/g, encodeURIComponent),
    parameters: reads ? queryParameters(operation) : [],
    body: reads ? undefined : WHOLE_INPUT,
    accept: operation.type === "subscription" ? "text/event-stream" : "application/json, */*;q=0.5",
    headers,
    auth: credential === undefined ? [] : [[{ capability: credential, auth }]],
    credential: credential ?? "",
  };
}

function urlFor(name: string, { url }: HttpEndpointOptions): string {
  return url.replaceAll("{name}", name.split("/").map(encodeURIComponent).join("/"));
}

const WHOLE_INPUT: RequestBody = {
  key: undefined,
  mediaType: "application/json",
  form: "json",
  required: true,
  binaryParts: new Set(),
};

/** Members that the schema names; what it does not name is not sent. */
function queryParameters({ input }: JsonSchemaOperation): Parameter[] {
  const required = listOf(memberOf(input, "required"));
  return Object.keys(recordOf(memberOf(input, "properties"))).map((name) => ({
    key: name,
    name,
    in: "query",
    required: required.includes(name),
    style: "form",
    explode: true,
    allowReserved: false,
    json: false,
  }));
}
