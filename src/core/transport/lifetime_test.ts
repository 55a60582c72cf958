import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { ConnectionClosedError } from "../errors.ts";
import { Lifetime } from "./lifetime.ts";
import { plainAddress } from "./tls_connection.ts";

Deno.test("the first end of a connection is the one that counts", async () => {
  const lifetime = new Lifetime();
  const { signal } = lifetime;
  lifetime.assertOpen();
  strictEqual(lifetime.end({ code: 7, reason: "first" }), true);
  strictEqual(lifetime.end({ code: 8, reason: "second" }), false);
  deepStrictEqual(await lifetime.closed, { code: 7, reason: "first" });
  throws(() => lifetime.assertOpen(), ConnectionClosedError);
  ok(signal.aborted);
});

Deno.test("a signal asked for after the end is aborted already", () => {
  const lifetime = new Lifetime();
  lifetime.end({ code: 0, reason: "" });
  ok(lifetime.signal.aborted);
  ok(lifetime.signal.reason instanceof ConnectionClosedError);
});

Deno.test("plainAddress() shows IPv4 addresses of dual-stack sockets as IPv4", () => {
  strictEqual(plainAddress("::ffff:127.0.0.1"), "127.0.0.1");
  strictEqual(plainAddress("::ffff:1"), "::ffff:1");
  strictEqual(plainAddress(undefined), "");
});
