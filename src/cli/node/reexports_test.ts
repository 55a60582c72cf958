import type { Identity } from "@alknet/core";
import {
  ANYONE,
  type CallRequest,
  importedOperation,
  type Operation,
  operation,
  OperationRegistry,
  PeerCompositeEnv,
} from "@alknet/operations";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import type { ReexportConfig } from "../config/reexports.ts";
import { Reexports } from "./reexports.ts";

const RULE: ReexportConfig = {
  operations: ["disk/*"],
  peer: "any",
  policy: "round-robin",
  scopes: ["fleet:disk"],
  prefix: "",
};

const ada: Identity = { id: "ada", scopes: ["fleet:disk"], resources: {} };

function request(identity: Identity): CallRequest {
  const { signal } = new AbortController();
  return { requestId: crypto.randomUUID(), signal, origin: "wire", identity };
}

function imported(name: string, answer: string, description = ""): Operation {
  const { spec } = operation({ name, description, access: ANYONE, handler: () => answer });
  return importedOperation(spec, { kind: "once", run: () => answer });
}

interface Node {
  readonly env: PeerCompositeEnv;
  readonly registry: OperationRegistry;
  readonly reexports: Reexports;
  names(): string[];
}

function nodeWith(...rules: ReexportConfig[]): Node {
  const env = new PeerCompositeEnv({ onChange: (peer) => reexports.changed(peer) });
  const registry = new OperationRegistry({ overlay: env });
  const reexports = new Reexports(rules, registry, env);
  const names = (): string[] => registry.list(ada).map(({ name }) => name);
  return { env, registry, reexports, names };
}

Deno.test("what a rule names is offered while a peer has it, and behind the rule's scopes", async () => {
  const { env, registry, names } = nodeWith(RULE);
  const end = env.attach("w1", [imported("disk/free", "w1"), imported("net/up", "w1")]);
  env.attach("w2", [imported("disk/free", "w2")]);
  deepStrictEqual(names(), ["disk/free"]);
  const answers: unknown[] = [];
  for (let n = 0; n < 4; n++) answers.push(await registry.call("disk/free", {}, request(ada)));
  deepStrictEqual(answers, ["w1", "w2", "w1", "w2"]);
  const eve = { ...ada, scopes: ["disk:read", "peers:call"] };
  await rejects(registry.call("disk/free", {}, request(eve)), { code: "FORBIDDEN" });
  end();
  strictEqual(await registry.call("disk/free", {}, request(ada)), "w2");
  env.detach("w2");
  deepStrictEqual(names(), []);
});

Deno.test("a rule for one peer asks that peer alone, under a prefix", async () => {
  const { env, registry, names } = nodeWith({ ...RULE, peer: "w2", prefix: "two" });
  env.attach("w1", [imported("disk/free", "w1")]);
  deepStrictEqual(names(), []);
  env.attach("w2", [imported("disk/free", "w2")]);
  deepStrictEqual(names(), ["two/disk/free"]);
  strictEqual(await registry.call("two/disk/free", {}, request(ada)), "w2");
});

Deno.test("no peer takes the place of an operation of this node's own", async () => {
  const { env, registry } = nodeWith(RULE);
  registry.register(operation({ name: "disk/free", access: ANYONE, handler: () => "own" }));
  env.attach("w1", [imported("disk/free", "w1"), imported("disk/used", "w1")]);
  strictEqual(await registry.call("disk/free", {}, request(ada)), "own");
  env.detach("w1");
  strictEqual(await registry.call("disk/free", {}, request(ada)), "own");
});

Deno.test("a peer is neither told of its own operations nor asked its own question", async () => {
  const { env, registry, reexports } = nodeWith(RULE);
  const w1 = { ...ada, id: "w1" };
  env.attach("w1", [imported("disk/free", "w1")]);
  strictEqual(reexports.offers("disk/free", w1), false);
  strictEqual(reexports.offers("disk/free", ada), true);
  await rejects(registry.call("disk/free", {}, request(w1)), { code: "NOT_FOUND" });
  env.attach("w2", [imported("disk/free", "w2")]);
  strictEqual(reexports.offers("disk/free", w1), true);
  strictEqual(await registry.call("disk/free", {}, request(w1)), "w2");
});

Deno.test("an import that says the same changes nothing; one that says more is taken up", () => {
  const { env, registry, names } = nodeWith(RULE);
  let changes = 0;
  registry.onChange(() => changes++);
  const first = env.attach("w1", [imported("disk/free", "w1")]);
  strictEqual(changes, 1);
  const second = env.attach("w1", [imported("disk/free", "w1")]);
  first();
  strictEqual(changes, 1);
  env.attach("w1", [imported("disk/free", "w1", "better"), imported("disk/used", "w1")]);
  second();
  deepStrictEqual(names(), ["disk/free", "disk/used"]);
  strictEqual(registry.schema("disk/free", ada).description, "better");
});
