import type { Identity, IdentityProvider } from "@alknet/core";
import { NOBODY } from "@alknet/core";
import { ANYONE, type Operation, operation, OperationRegistry } from "@alknet/operations";

import { type WebApp, webApp, type WebAppOptions } from "../mod.ts";

/** People who call, by their token. */
export class People implements IdentityProvider {
  readonly #byToken = new Map<string, Identity>();
  readonly #listeners = new Set<() => void>();
  readonly fromFingerprint = NOBODY.fromFingerprint;
  readonly isDisabled = NOBODY.isDisabled;
  readonly fromSshKey = NOBODY.fromSshKey;

  /** Somebody whose token is their name. */
  add(id: string, ...scopes: string[]): void {
    this.#byToken.set(id, { id, scopes, resources: {} });
    this.#changed();
  }

  /** Withdraws a token. */
  remove(id: string): void {
    this.#byToken.delete(id);
    this.#changed();
  }

  fromToken(token: string): Identity | undefined {
    return this.#byToken.get(token);
  }

  withId(id: string): Identity | undefined {
    return this.#byToken.get(id);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Listeners now. */
  get listeners(): number {
    return this.#listeners.size;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What the node is called in TLS. */
const NAME = "node.example";

/** How a test asks. */
export interface Ask {
  readonly method?: string;
  readonly token?: string;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
  readonly from?: string;
  readonly host?: string;
  readonly signal?: AbortSignal;
}

/** An application with people who may call it, asked without a network. */
export interface TestWeb extends Disposable {
  readonly app: WebApp;
  readonly people: People;
  readonly registry: OperationRegistry;
  ask(path: string, how?: Ask): Promise<Response>;
}

/** Makes one: "ada" may do everything, "bob" nothing in particular. */
export function testWeb(operations: readonly Operation[], options: WebAppOptions = {}): TestWeb {
  const people = new People();
  people.add("ada", "*");
  people.add("bob");
  const registry = new OperationRegistry();
  registry.register(operations);
  const app = webApp({ operations: { dispatcher: registry, catalogue: registry }, ...options });
  return {
    app,
    people,
    registry,
    ask: async (path, { token, json, from = "192.0.2.1", host = NAME, ...init }: Ask = {}) => {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      if (json !== undefined && !headers.has("content-type")) {
        headers.set("content-type", "application/json");
      }
      const body = json === undefined ? init.body : JSON.stringify(json);
      const method = init.method ?? (body === undefined ? "GET" : "POST");
      const remoteAddr = { hostname: from, port: 1 };
      const auth = { alpn: "h2", remoteAddr };
      const info = { identities: people, remoteAddr, auth, serverName: NAME };
      const all = { ...init, method, headers, ...(body === undefined ? {} : { body }) };
      return await app.request(`https://${host}${path}`, all, info);
    },
    [Symbol.dispose]: () => app[Symbol.dispose](),
  };
}

/** Operations that tests call. */
export const SAMPLES: readonly Operation[] = [
  operation({
    name: "math/add",
    type: "query",
    input: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
    },
    access: ANYONE,
    description: "Adds two numbers",
    handler: ({ a, b }) => a + b,
  }),
  operation({
    name: "door/open",
    type: "mutation",
    access: { requiredScopes: ["door:open"] },
    errors: { JAMMED: { httpStatus: 409 }, RESOURCE_EXHAUSTED: {}, WORN: {} },
    handler: () => "open",
  }),
  operation({
    name: "count/up",
    type: "subscription",
    input: { type: "object", properties: { to: { type: "integer" } } },
    access: ANYONE,
    async *handler({ to = 3 }) {
      for (let n = 1; n <= to; n++) yield n;
    },
  }),
];
