import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { operation, OperationRegistry } from "@alknet/operations";
import type { ImportConfig } from "../config/import_config.ts";
import { importServices, type ImportServicesOptions } from "./import_services.ts";

function documentOf(operationId: string): Record<string, unknown> {
  const responses = { 200: { description: "ok" } };
  const paths = { "/now": { get: { operationId, responses } } };
  return { openapi: "3.1.0", info: { title: "T", version: "1" }, paths };
}

interface Fixture extends AsyncDisposable {
  readonly url: URL;
  readonly seen: (string | null)[];
  /** Whether the document is there. */
  up: boolean;
  /** What its only operation is called. */
  operationId: string;
}

function startService(): Fixture {
  const seen: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/openapi.json") {
      return fixture.up
        ? Response.json(documentOf(fixture.operationId))
        : new Response(null, { status: 503 });
    }
    seen.push(request.headers.get("authorization"));
    return Response.json("noon");
  });
  const fixture: Fixture = {
    url: new URL(`http://127.0.0.1:${server.addr.port}/openapi.json`),
    seen,
    up: true,
    operationId: "now",
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return fixture;
}

function configOf(url: URL, more: Partial<ImportConfig> = {}): ImportConfig {
  return { kind: "openapi", name: "clock", source: { url }, scopes: [], ...more };
}

/** A registry that says when a layer was registered. */
class WatchedRegistry extends OperationRegistry {
  #next = Promise.withResolvers<void>();

  /** Resolves at the next registration. */
  get registered(): Promise<void> {
    return this.#next.promise;
  }

  override registerLayer(...args: Parameters<OperationRegistry["registerLayer"]>): void {
    super.registerLayer(...args);
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }
}

function optionsFor(
  registry: OperationRegistry,
  more: Partial<ImportServicesOptions> = {},
): ImportServicesOptions {
  return {
    registry,
    secret: () => Promise.resolve(undefined),
    onSecretsChange: () => () => {},
    directory: "/",
    backoff: { firstMs: 5, maxMs: 5 },
    ...more,
  };
}

const WITH_SCOPE = { id: "ada", scopes: ["clock:read"], resources: {} };

function requestOf(identity?: typeof WITH_SCOPE) {
  const { signal } = new AbortController();
  return { requestId: "1", signal, origin: "wire" as const, ...(identity ? { identity } : {}) };
}

Deno.test("without scopes operations of a service are reached from inside alone", async () => {
  await using service = startService();
  const registry = new WatchedRegistry();
  const { registered } = registry;
  await using _services = importServices([configOf(service.url)], optionsFor(registry));
  await registered;
  strictEqual(registry.kindOf("clock/now"), "query");
  deepStrictEqual(registry.list(WITH_SCOPE), []);
});

Deno.test("with scopes those who have them reach the operations, with the node's secret", async () => {
  await using service = startService();
  const registry = new WatchedRegistry();
  const { registered } = registry;
  const config = configOf(service.url, {
    scopes: ["clock:read"],
    credential: "clock-key",
    auth: { type: "bearer" },
  });
  const secret = (name: string) => Promise.resolve(name === "clock-key" ? "s3cret" : undefined);
  await using _services = importServices([config], optionsFor(registry, { secret }));
  await registered;
  deepStrictEqual(registry.list().map(({ name }) => name), []);
  strictEqual(await registry.call("clock/now", {}, requestOf(WITH_SCOPE)), "noon");
  deepStrictEqual(service.seen, ["Bearer s3cret"]);
  const refused = await registry.call("clock/now", {}, requestOf()).catch(({ code }) => code);
  strictEqual(refused, "FORBIDDEN");
});

Deno.test("a service that is down is tried again, and its problem is told meanwhile", async () => {
  await using service = startService();
  service.up = false;
  const registry = new WatchedRegistry();
  const { registered } = registry;
  await using services = importServices([configOf(service.url)], optionsFor(registry));
  while (services.status()[0]?.state !== "failed") await new Promise((r) => setTimeout(r, 1));
  match(services.status()[0]?.problem ?? "", /status 503/);
  service.up = true;
  await registered;
  deepStrictEqual(services.status(), [
    { name: "clock", kind: "openapi", state: "ready", operations: 1 },
  ]);
});

Deno.test("a secret that is taken away is used no more, a new one is taken up", async () => {
  await using service = startService();
  const registry = new WatchedRegistry();
  let secret: string | undefined = "first";
  let changed = (): void => {};
  const config = configOf(service.url, { credential: "key", auth: { type: "bearer" } });
  const began = registry.registered;
  await using services = importServices(
    [config],
    optionsFor(registry, {
      secret: () => Promise.resolve(secret),
      onSecretsChange: (listener) => {
        changed = listener;
        return () => {};
      },
    }),
  );
  await began;
  secret = undefined;
  changed();
  while (services.status()[0]?.state !== "failed") await new Promise((r) => setTimeout(r, 1));
  strictEqual(registry.kindOf("clock/now"), undefined);
  match(services.status()[0]?.problem ?? "", /No secret "key"/);
  const again = registry.registered;
  secret = "second";
  changed();
  await again;
  const inside = { ...requestOf(), origin: "internal" as const };
  strictEqual(await registry.call("clock/now", {}, inside), "noon");
  deepStrictEqual(service.seen, ["Bearer second"]);
});

Deno.test("a refresh takes up what a service has now, and keeps what it had if it is down", async () => {
  await using service = startService();
  const registry = new WatchedRegistry();
  const began = registry.registered;
  await using services = importServices([configOf(service.url)], optionsFor(registry));
  await began;
  service.up = false;
  services.refresh();
  while (services.status()[0]?.state !== "failed") await new Promise((r) => setTimeout(r, 1));
  strictEqual(registry.kindOf("clock/now"), "query");
  const again = registry.registered;
  service.operationId = "later";
  service.up = true;
  await again;
  strictEqual(registry.kindOf("clock/now"), undefined);
  strictEqual(registry.kindOf("clock/later"), "query");
});

Deno.test("a name that is taken, and a file that is not there, are problems of that service", async () => {
  await using service = startService();
  const registry = new WatchedRegistry();
  registry.register(operation({ name: "clock/now", handler: () => "mine" }));
  const taken = configOf(service.url);
  const missing = configOf(service.url, { name: "other", source: { file: "none.yaml" } });
  await using services = importServices([taken, missing], optionsFor(registry));
  const failed = () => services.status().every(({ state }) => state === "failed");
  while (!failed()) await new Promise((r) => setTimeout(r, 1));
  const [first, second] = services.status();
  match(first?.problem ?? "", /"local" has one of that name/);
  match(second?.problem ?? "", /none\.yaml|No such file/);
});
