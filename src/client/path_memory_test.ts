import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { PathMemory } from "./path_memory.ts";

Deno.test("an unknown target is tried over QUIC first", () => {
  strictEqual(new PathMemory().preferred("a"), "quic");
});

Deno.test("TLS keeps its head start until QUIC's next probe is due, however often it wins", () => {
  let now = 0;
  const memory = new PathMemory({ now: () => now, reprobeMs: 1000 });
  memory.remember("a", "tls");
  for (now = 100; now < 1000; now += 100) {
    strictEqual(memory.preferred("a"), "tls");
    memory.remember("a", "tls");
  }
  now = 1000;
  strictEqual(memory.preferred("a"), "quic");
  memory.remember("a", "tls");
  strictEqual(memory.preferred("a"), "tls");
  now = 1999;
  strictEqual(memory.preferred("a"), "tls");
  now = 2000;
  strictEqual(memory.preferred("a"), "quic");
});

Deno.test("QUIC is preferred again as soon as it has won", () => {
  const memory = new PathMemory();
  memory.remember("a", "tls");
  memory.remember("a", "quic");
  strictEqual(memory.preferred("a"), "quic");
});

Deno.test("no more targets are remembered than allowed; the oldest goes first", () => {
  const memory = new PathMemory({ maxEntries: 2 });
  for (const target of ["a", "b", "c"]) memory.remember(target, "tls");
  deepStrictEqual(Object.keys(memory.toJSON()), ["b", "c"]);
});

Deno.test("restore() reads back what was saved", () => {
  const memory = new PathMemory({ now: () => 5 });
  memory.remember("a", "tls");
  memory.remember("__proto__", "tls");
  const other = new PathMemory({ now: () => 6 });
  other.restore(JSON.parse(JSON.stringify(memory)));
  strictEqual(other.preferred("a"), "tls");
  strictEqual(other.preferred("__proto__"), "tls");
});

Deno.test("restore() leaves out what does not fit, and times that have not come yet", () => {
  const memory = new PathMemory({ now: () => 10, maxEntries: 3 });
  memory.restore({
    future: { transport: "tls", at: 11 },
    odd: { transport: "tcp", at: 1 },
    good: { transport: "tls", at: 1 },
    beyond: { transport: "tls", at: 1 },
  });
  deepStrictEqual(memory.toJSON(), { good: { transport: "tls", at: 1 } });
  fc.assert(fc.property(fc.anything(), (value) => new PathMemory().restore(value)));
});
