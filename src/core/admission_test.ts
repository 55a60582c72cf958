import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { Admission, networkOf } from "./admission.ts";
import { type Counters, DEFAULT_LIMITS, type Limits, zeroCounters } from "./limits.ts";

const ADDRESSES = ["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"];

Deno.test("networkOf() takes an IPv4 address as it is, and an IPv6 address by its /64", () => {
  strictEqual(networkOf("192.0.2.1"), "192.0.2.1");
  const same = ["2001:db8::1", "2001:db8::ffff:1", "2001:DB8:0:0:1:2:3:4", "2001:0db8:0000::9"];
  deepStrictEqual([...new Set(same.map(networkOf))], ["2001:db8:0:0"]);
  strictEqual(networkOf("2001:db8:0:1::1"), "2001:db8:0:1");
  strictEqual(networkOf("::1"), "0:0:0:0");
  strictEqual(networkOf("1:2:3:4:5:6:7:8"), "1:2:3:4");
  strictEqual(networkOf("fe80::1%eth0"), networkOf("fe80::2%eth0"));
});

Deno.test("networkOf() keeps IPv4 addresses apart that arrive in IPv6 form", () => {
  // Were ::ffff:0:0/96 one network, the whole IPv4 Internet would share one customer's places.
  strictEqual(networkOf("::ffff:192.0.2.1"), "192.0.2.1");
  strictEqual(networkOf("::FFFF:192.0.2.1"), "192.0.2.1");
  strictEqual(networkOf("64:ff9b:1:2:3:4:192.0.2.1"), "64:ff9b:1:2");
  strictEqual(networkOf("64:ff9b::192.0.2.1"), "64:ff9b:0:0");
});

Deno.test("networkOf() is the same for every spelling of an address", () => {
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
  fc.assert(fc.property(groups, (parts) => {
    const long = parts.map((part) => part.toString(16).padStart(4, "0")).join(":");
    const short = new URL(`http://[${long}]`).hostname.slice(1, -1);
    strictEqual(networkOf(long), networkOf(short));
  }));
});

Deno.test("connection() refuses above each limit, counts it and lets in again after a leave", () => {
  const { admission, counters } = make({ maxConnections: 3, maxConnectionsPerAddress: 2 });
  const first = admission.connection("10.0.0.1");
  ok(first && admission.connection("10.0.0.1"));
  strictEqual(admission.connection("10.0.0.1"), undefined);
  ok(admission.connection("10.0.0.2"));
  strictEqual(admission.connection("10.0.0.3"), undefined);
  strictEqual(counters.refusedAddress, 1);
  strictEqual(counters.refusedTotal, 1);
  first();
  ok(admission.connection("10.0.0.1"));
});

Deno.test("handshake() refuses when too many are under way, in all or from one address", () => {
  // The attack: one host opens every handshake the node has place for and lets them rot.
  const { admission, counters } = make({ maxHandshakes: 3, maxConnectionsPerAddress: 2 });
  const [a, b] = [admission.handshake("10.0.0.1"), admission.handshake("10.0.0.1")];
  strictEqual(admission.handshake("10.0.0.1"), undefined);
  strictEqual(counters.refusedAddress, 1);
  ok(a && b && admission.handshake("10.0.0.2"));
  strictEqual(admission.handshake(), undefined);
  strictEqual(counters.refusedHandshakes, 1);
  a();
  ok(admission.handshake());
});

Deno.test("identity() has its own limit and forgets who has left", () => {
  const { admission, counters } = make({ maxConnectionsPerIdentity: 1 });
  const leave = admission.identity("alice");
  strictEqual(admission.identity("alice"), undefined);
  ok(leave && admission.identity("bob"));
  strictEqual(counters.refusedIdentity, 1);
  leave();
  ok(admission.identity("alice"));
});

Deno.test("the books are never negative, never above the limits and empty at the end", () => {
  const limits = { maxConnections: 6, maxConnectionsPerAddress: 3, maxHandshakes: 4 };
  const step = fc.record({
    kind: fc.constantFrom("handshake", "blind", "connection", "identity", "leave", "leave twice"),
    addr: fc.constantFrom(...ADDRESSES),
    at: fc.nat(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const { admission, counters } = make(limits);
    const held: (() => void)[] = [];
    for (const { kind, addr, at } of steps) {
      if (kind.startsWith("leave")) {
        const leave = kind === "leave" ? held.splice(at % (held.length || 1), 1)[0] : held[0];
        leave?.();
        continue;
      }
      const leave = enter(admission, kind, addr);
      if (leave) held.push(leave);
      ok(counters.active >= 0 && counters.active <= limits.maxConnections);
      ok(counters.handshaking >= 0 && counters.handshaking <= limits.maxHandshakes);
    }
    for (const leave of [...held, ...held]) leave();
    deepStrictEqual([counters.active, counters.handshaking], [0, 0]);
    for (const addr of ["10.0.0.1", "2001:db8::1"]) {
      for (let n = 0; n < limits.maxConnectionsPerAddress; n++) ok(admission.connection(addr));
    }
  }));
});

function enter(admission: Admission, kind: string, addr: string): (() => void) | undefined {
  if (kind === "handshake") return admission.handshake(addr);
  if (kind === "blind") return admission.handshake();
  return kind === "identity" ? admission.identity(addr) : admission.connection(addr);
}

function make(limits: Partial<Limits>): { admission: Admission; counters: Counters } {
  const counters = zeroCounters();
  return { admission: new Admission({ ...DEFAULT_LIMITS, ...limits }, counters), counters };
}
