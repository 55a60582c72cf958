import { CallCode, CallError, type OperationSpec } from "@alknet/operations";
import type { Hono } from "hono";

import type { Door, Route } from "../door/door.ts";
import { HttpProblem } from "../door/problem.ts";
import type { Answer, Visit } from "../door/visit.ts";
import type { HttpEnv } from "../http_info.ts";
import { batchFor, batchOf, callFor, isRecord, type Wanted, wantedOf } from "./call.ts";
import { problemOf } from "./call_problem.ts";
import { type OperationSource, specFor } from "./catalogue.ts";
import { EVENT_STREAM_TYPE } from "./event.ts";
import { Idempotency } from "./idempotency.ts";
import { outputText } from "./output_text.ts";
import { queryInput } from "./query_input.ts";
import { invalidRequest, parseJson, readJson } from "./request_body.ts";
import { Subscriptions } from "./subscriptions.ts";

const OP_PREFIX = "/op/";

/** Settings of {@linkcode operationRoutes}. */
export interface OperationRoutesOptions {
  /** What there is to call. */
  readonly source: OperationSource;
  /** What every request passes. */
  readonly door: Door;
}

/** The routes through which operations are found and called, see docs/protocol/http.md. */
export function operationRoutes(app: Hono<HttpEnv>, options: OperationRoutesOptions): Disposable {
  const routes = new OperationRoutes(options);
  const { door } = options;
  const add = (path: string, name: string, methods: readonly string[], answer: Answer): void => {
    const route: Route = { group: "gateway", name, methods };
    app.all(path, (c) => door.enter(route, c.req.raw, c.env, answer));
  };
  add("/search", "/search", ["GET"], (visit) => routes.search(visit));
  add("/schema", "/schema", ["GET"], (visit) => routes.schema(visit));
  add("/call", "/call", ["POST"], (visit) => routes.call(visit));
  add("/batch", "/batch", ["POST"], (visit) => routes.batch(visit));
  add("/subscribe", "/subscribe", ["GET", "POST"], (visit) => routes.subscribe(visit));
  add("/op/*", "/op", ["GET", "POST"], (visit) => routes.operate(visit));
  return routes;
}

class OperationRoutes implements Disposable {
  readonly #source: OperationSource;
  readonly #door: Door;
  readonly #idempotency: Idempotency;
  readonly #subscriptions: Subscriptions;

  constructor({ source, door }: OperationRoutesOptions) {
    const { limits, metrics } = door;
    this.#source = source;
    this.#door = door;
    this.#idempotency = new Idempotency(limits);
    this.#subscriptions = new Subscriptions({ source, limits, metrics });
  }

  [Symbol.dispose](): void {
    this.#subscriptions[Symbol.dispose]();
  }

  search({ url, identity }: Visit): Response {
    const query = (url.searchParams.get("q") ?? "").toLowerCase();
    const operations = this.#source.catalogue.list(identity)
      .filter(({ name, description }) => `${name}\n${description}`.toLowerCase().includes(query))
      .map(({ name, type, description }) => ({ name, type, description }));
    return json({ operations });
  }

  schema(visit: Visit): Response {
    const name = visit.url.searchParams.get("name");
    if (!name) throw invalidRequest("Write /schema?name=<operation>");
    const spec = specFor(this.#source, name, visit.identity);
    if (!spec) throw this.#notFound(visit, name);
    return json(spec);
  }

  async call(visit: Visit): Promise<Response> {
    const { text, value } = await readJson(visit.request, this.#door.limits);
    const wanted = wantedOf(value);
    return await this.#answerOnce(visit, text, wanted, (output) => ({
      requestId: visit.requestId,
      output,
    }));
  }

  async batch(visit: Visit): Promise<Response> {
    const { limits } = this.#door;
    const { value } = await readJson(visit.request, limits);
    const results = await batchFor(visit, batchOf(value), { source: this.#source, limits });
    return outputs(visit, { requestId: visit.requestId, results });
  }

  async subscribe(visit: Visit): Promise<Response> {
    if (visit.request.method === "POST") {
      const { value } = await readJson(visit.request, this.#door.limits);
      const resumable = isRecord(value) && value.resumable === true;
      return await this.#subscriptions.open(visit, wantedOf(value, ["resumable"]), resumable);
    }
    const { searchParams } = visit.url;
    const operation = searchParams.get("operation");
    if (!operation) throw invalidRequest("Write /subscribe?operation=<name>&input=<JSON>");
    const input = parseJson(searchParams.get("input") ?? "{}", "input");
    return await this.#subscriptions.open(visit, { operation, input }, isResumable(visit));
  }

  /** `/op/<name>`: the input is the body or the query, the output is the answer. */
  async operate(visit: Visit): Promise<Response> {
    const { request, url, identity } = visit;
    const name = nameOf(url);
    const spec = specFor(this.#source, name, identity);
    const type = spec?.type ?? this.#source.dispatcher.kindOf(name);
    const posted = request.method === "POST";
    if (!posted && spec?.type === "mutation") throw onlyPost(spec);
    // What a caller may not know of is refused by the dispatcher; a mutation is never run by GET.
    if (!posted && type === "mutation") throw this.#notFound(visit, name);
    const { text, value: input } = posted
      ? await readJson(request, this.#door.limits)
      : { text: url.search, value: queryInput(url.searchParams, spec?.inputSchema ?? true) };
    const wanted = { operation: name, input };
    if (type === "subscription") return await this.#stream(visit, wanted);
    return await this.#answerOnce(visit, text, wanted, (output) => output);
  }

  #stream(visit: Visit, wanted: Wanted): Promise<Response> {
    const accept = visit.request.headers.get("accept") ?? "*/*";
    if (!accept.includes(EVENT_STREAM_TYPE) && !accept.includes("*/*")) {
      throw new HttpProblem(406, "NOT_ACCEPTABLE", `A subscription answers ${EVENT_STREAM_TYPE}`);
    }
    return this.#subscriptions.open(visit, wanted, isResumable(visit));
  }

  /**
   * With a key, the call goes on when its client leaves: the client comes back for the answer, and
   * it would be worth nothing if it said that the client had left.
   */
  async #answerOnce(
    visit: Visit,
    body: string,
    wanted: Wanted,
    shape: (output: unknown) => unknown,
  ): Promise<Response> {
    const keyed = visit.request.headers.has("idempotency-key");
    const signal = keyed ? new AbortController().signal : visit.request.signal;
    const options = { source: this.#source, limits: this.#door.limits, signal };
    return await this.#idempotency.answer(visit, body, async () => {
      const output = await callFor(visit, wanted, options);
      return outputs(visit, shape(output ?? null));
    });
  }

  #notFound({ identity }: Visit, name: string): unknown {
    const error = new CallError(CallCode.NotFound, `Operation not found: ${name.slice(0, 256)}`);
    return problemOf(error, { identity, spec: undefined });
  }
}

function json(value: unknown): Response {
  return jsonResponse(JSON.stringify(value));
}

/** A response with what operations gave, which may be anything. */
function outputs({ identity }: Visit, value: unknown): Response {
  try {
    return jsonResponse(outputText(value));
  } catch (error) {
    throw error instanceof CallError ? problemOf(error, { identity, spec: undefined }) : error;
  }
}

function jsonResponse(text: string): Response {
  return new Response(`${text}\n`, { headers: { "content-type": "application/json" } });
}

function isResumable({ url }: Visit): boolean {
  return url.searchParams.get("resumable") === "true";
}

function nameOf({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname.slice(OP_PREFIX.length));
  } catch {
    throw invalidRequest("The path is not UTF-8");
  }
}

function onlyPost({ name, type }: OperationSpec): HttpProblem {
  return new HttpProblem(405, "METHOD_NOT_ALLOWED", `Operation "${name}" is a ${type}: use POST`, {
    headers: { allow: "POST" },
  });
}
