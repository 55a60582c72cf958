import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { AlpnConflictError, AlpnFormatError, HandlerNameError } from "./errors.ts";
import type { Handler } from "./handler.ts";
import { HandlerRegistry } from "./registry.ts";

Deno.test("add() keeps the order of handlers and of their ALPNs as the order of preference", () => {
  const registry = new HandlerRegistry();
  registry.add(handler("http", "h2", "http/1.1"), handler("echo", "alknet/echo"));
  registry.add(handler("doq", "doq"));
  deepStrictEqual(registry.alpn, ["h2", "http/1.1", "alknet/echo", "doq"]);
  strictEqual(registry.find("http/1.1")?.name, "http");
  strictEqual(registry.find("h3"), undefined);
});

Deno.test("add() throws when two handlers have one name, which remove() could not tell apart", () => {
  const registry = new HandlerRegistry();
  registry.add(handler("http", "h2"));
  throws(() => registry.add(handler("http", "http/1.1")), HandlerNameError);
  deepStrictEqual(registry.alpn, ["h2"]);
});

Deno.test("add() throws when two handlers claim one ALPN, names both and changes nothing", () => {
  const registry = new HandlerRegistry();
  registry.add(handler("http", "h2"));
  throws(() => registry.add(handler("new", "h3"), handler("other", "h2")), (error) => {
    strictEqual(error instanceof AlpnConflictError && error.alpn, "h2");
    strictEqual(
      error instanceof Error && error.message,
      `Cannot register handler "other": ALPN "h2" belongs to handler "http"`,
    );
    return true;
  });
  deepStrictEqual(registry.alpn, ["h2"]);
  deepStrictEqual(registry.handlers.map(({ name }) => name), ["http"]);
});

Deno.test("add() throws when one handler names an ALPN twice", () => {
  throws(() => new HandlerRegistry().add(handler("echo", "a", "a")), AlpnConflictError);
});

Deno.test("add() refuses ALPNs that TLS cannot carry", () => {
  const registry = new HandlerRegistry();
  throws(() => registry.add(handler("empty", "")), AlpnFormatError);
  throws(() => registry.add(handler("long", "x".repeat(256))), AlpnFormatError);
  throws(() => registry.add(handler("wide", "é".repeat(128))), AlpnFormatError);
  registry.add(handler("longest", "x".repeat(255)));
});

Deno.test("a registry without handlers still has an ALPN, which no handler can claim", () => {
  // A TLS server with an empty list would take any client, whatever it asks for.
  const registry = new HandlerRegistry();
  const [placeholder = ""] = registry.alpn;
  strictEqual(registry.alpn.length, 1);
  throws(() => registry.add(handler("sly", placeholder)), AlpnFormatError);
});

Deno.test("remove() takes a handler out with all of its ALPNs", () => {
  const registry = new HandlerRegistry();
  registry.add(handler("http", "h2", "http/1.1"), handler("echo", "alknet/echo"));
  strictEqual(registry.remove("http")?.name, "http");
  strictEqual(registry.remove("http"), undefined);
  deepStrictEqual(registry.alpn, ["alknet/echo"]);
  registry.add(handler("http2", "h2"));
});

function handler(name: string, ...alpn: string[]): Handler {
  return { name, alpn, accept: () => Promise.resolve() };
}
