import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";

import { matchesCidr } from "./cidr.ts";
import {
  type Destination,
  ForwardRuleError,
  hasForwardScope,
  isForwardAllowed,
  parseForwardRule,
} from "./rules.ts";

const alice = { id: "alice", scopes: ["ssh:shell", "ssh:forward"], resources: {} };
const bob = { id: "bob", scopes: ["ssh:forward:db.internal/5432"], resources: {} };

function at(host: string, address: string, port: number): Destination {
  return { host, address, port };
}

Deno.test("isForwardAllowed() says no where no rule matches", () => {
  strictEqual(isForwardAllowed([], alice, at("a", "10.0.0.1", 80)), false);
});

Deno.test("isForwardAllowed() takes the first rule that matches", () => {
  const rules = ["deny *:25", "allow *.internal:1-100", "deny *:*"].map(parseForwardRule);
  ok(isForwardAllowed(rules, alice, at("db.internal", "10.0.0.1", 80)));
  ok(!isForwardAllowed(rules, alice, at("db.internal", "10.0.0.1", 25)));
  ok(!isForwardAllowed(rules, alice, at("db.internal", "10.0.0.1", 101)));
  ok(!isForwardAllowed(rules, alice, at("internal", "10.0.0.1", 80)));
  ok(!isForwardAllowed(rules, alice, at("db.internal.example.com", "10.0.0.1", 80)));
});

Deno.test("isForwardAllowed() looks at the address behind a name", () => {
  // A name that leads to the metadata service of a cloud is still that service.
  const rules = ["deny 169.254.0.0/16:*", "deny [fe80::]:*", "allow *:80"].map(parseForwardRule);
  ok(isForwardAllowed(rules, alice, at("innocent.example", "192.0.2.1", 80)));
  ok(!isForwardAllowed(rules, alice, at("innocent.example", "169.254.169.254", 80)));
  ok(!isForwardAllowed(rules, alice, at("innocent.example", "::ffff:169.254.169.254", 80)));
});

Deno.test("isForwardAllowed() minds whom a rule is for, by name and by scope", () => {
  const rules = ["allow *:22 for alice", "allow *:23 for ssh:shell"].map(parseForwardRule);
  ok(isForwardAllowed(rules, alice, at("a", "10.0.0.1", 22)));
  ok(isForwardAllowed(rules, alice, at("a", "10.0.0.1", 23)));
  ok(!isForwardAllowed(rules, bob, at("a", "10.0.0.1", 22)));
  ok(!isForwardAllowed(rules, bob, at("a", "10.0.0.1", 23)));
});

Deno.test("hasForwardScope() covers one destination or all of them", () => {
  ok(hasForwardScope(bob, "forward", "db.internal", 5432));
  ok(!hasForwardScope(bob, "forward", "db.internal", 22));
  ok(!hasForwardScope(bob, "forward", "::1", 5432)); // IPv6 cannot stand in a scope
  ok(hasForwardScope(alice, "forward", "::1", 5432));
  ok(!hasForwardScope(alice, "listen", "localhost", 80));
});

Deno.test("parseForwardRule() reads rules and nothing else", () => {
  deepStrictEqual(parseForwardRule("allow [fd00::/8]:80-443 for alice,ssh:shell"), {
    action: "allow",
    host: "fd00::/8",
    ports: [80, 443],
    principals: ["alice", "ssh:shell"],
  });
  for (
    const bad of [
      "",
      "allow",
      "allow x",
      "permit *:1",
      "allow *:70000",
      "allow *:9-1",
      "allow a b:1",
      "allow **:1",
      "deny x:1 for",
    ]
  ) {
    throws(() => parseForwardRule(bad), ForwardRuleError, bad);
  }
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      parseForwardRule(text);
    } catch (error) {
      ok(error instanceof ForwardRuleError);
    }
  }));
});

Deno.test("matchesCidr() knows networks of both families", () => {
  ok(matchesCidr("10.0.0.0/8", "10.255.0.1"));
  ok(!matchesCidr("10.0.0.0/8", "11.0.0.1"));
  ok(matchesCidr("0.0.0.0/0", "192.0.2.1"));
  ok(!matchesCidr("0.0.0.0/0", "::1"));
  ok(matchesCidr("fd00::/8", "fd12::1"));
  ok(matchesCidr("192.0.2.1", "::ffff:192.0.2.1"));
  ok(!matchesCidr("10.0.0.0/33", "10.0.0.1"));
  ok(!matchesCidr("localhost", "localhost"));
});
