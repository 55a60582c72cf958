import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import { OWN_NAMESPACES } from "../config/import_config.ts";
import { codeOf, operatedNode, OWNER, wire } from "./testdata/operated_node.ts";

/** An input for each operation that needs one. */
const INPUTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["services/schema", { name: "peers/put" }],
  ["peers/get", { peerId: "worker" }],
  ["peers/put", { peerId: "added", scopes: ["git:read"], resources: { service: ["a"] } }],
  ["peers/remove", { peerId: "worker" }],
  ["groups/put", { name: "dev", scopes: ["git:read"] }],
  ["groups/remove", { name: "ops" }],
  ["tokens/create", { name: "ci", scopes: [], expiresInSeconds: 60 }],
  ["tokens/revoke", { name: "old" }],
  ["node/events", { last: 1 }],
]);

Deno.test("every operation says what goes in and comes out, and its answer fits", async () => {
  await using node = await operatedNode({ peers: [{ peerId: "worker", displayName: "W" }] });
  const specs = node.registry.list(OWNER);
  ok(specs.length >= 17);
  for (const { name, type, description, inputSchema, outputSchema } of specs) {
    for (const schema of [inputSchema, outputSchema]) {
      ok(typeof schema === "object" && Object.keys(schema).length > 0, name);
    }
    ok(description.length > 10, name);
    await node.store.identities.putGroup({ name: "ops", scopes: [] });
    await node.call("tokens/create", { name: "old", scopes: [] }, OWNER).catch(() => {});
    await node.store.audit.flush();
    const input = INPUTS.get(name) ?? {};
    if (type !== "subscription") {
      await node.call(name, input, OWNER); // checks its output
      if (!INPUTS.has(name)) await node.call(name, null, OWNER); // what a caller without input sends
    } else {
      for await (const item of node.registry.subscribe(name, input, wire(OWNER))) {
        ok(item);
        break;
      }
    }
  }
});

Deno.test("no service that is imported takes the namespace of an operation of the node", async () => {
  await using node = await operatedNode();
  for (const { namespace } of node.registry.list(OWNER)) {
    ok(OWN_NAMESPACES.has(namespace), `${namespace} is missing in OWN_NAMESPACES`);
  }
});

Deno.test("services/list tells everything about operations when asked, as services/schema does", async () => {
  await using node = await operatedNode();
  const all = await node.call("services/list", { schemas: true }, OWNER);
  ok(Array.isArray(all) && all.length >= 17);
  for (const each of all) {
    deepStrictEqual(each, await node.call("services/schema", { name: each.name }, OWNER));
  }
});

Deno.test("strangers find who they are and what they may call, and nothing else", async () => {
  await using node = await operatedNode();
  const names = node.registry.list(undefined).map(({ name }) => name);
  deepStrictEqual(names, ["peers/whoami", "services/changes", "services/list", "services/schema"]);
  for (const { name } of node.registry.list(OWNER)) {
    const code = await codeOf(node.call(name, {}, undefined));
    ok(names.includes(name) || code === "FORBIDDEN" || code === "INVALID_OPERATION_TYPE", name);
  }
});

Deno.test("peers are listed a page at a time, those of the file among them", async () => {
  const byHand = {
    peerId: "bob",
    fingerprints: [],
    sshKeys: [],
    scopes: [],
    resources: {},
    enabled: true,
  };
  const peers = ["alice", "carol", "dave"].map((peerId) => ({ peerId }));
  await using node = await operatedNode({ peers, byHand: { peers: [byHand], tokens: [] } });
  const seen: string[] = [];
  for (let after = ""; seen.length < 4;) {
    const page = await node.call("peers/list", { after, limit: 2 }, OWNER);
    ok(Array.isArray(page) && page.length <= 2 && page.length > 0);
    for (const { peerId, source } of page) seen.push(`${peerId} ${source}`);
    after = page.at(-1).peerId;
  }
  deepStrictEqual(seen, ["alice store", "bob file", "carol store", "dave store"]);
});

Deno.test("node/events brings the past that was asked for, then what happens, of the kinds asked for", async () => {
  await using node = await operatedNode();
  for (const kind of ["auth.bad-proof", "peer.added", "auth.not-accepted"]) {
    node.store.audit.append({ kind });
  }
  await node.store.audit.flush();
  const input = { kinds: ["auth.*", "group.changed"], last: 2 };
  const kinds: unknown[] = [];
  for await (const item of node.registry.subscribe("node/events", input, wire(OWNER))) {
    ok(typeof item === "object" && item && "kind" in item);
    kinds.push(item.kind);
    if (kinds.length === 1) {
      node.store.audit.append({ kind: "peer.added" });
      await node.call("groups/put", { name: "dev", scopes: [] }, OWNER);
    } else break;
  }
  deepStrictEqual(kinds, ["auth.not-accepted", "group.changed"]);
});

Deno.test("config/reload needs node:write, and is noted", async () => {
  await using node = await operatedNode();
  const reader = { id: "reader", scopes: ["node:read"], resources: {} };
  strictEqual(await codeOf(node.call("config/reload", {}, reader)), "FORBIDDEN");
  deepStrictEqual(await node.call("config/reload", {}, OWNER), { peers: 0, tokens: 0 });
  await node.store.audit.flush();
  strictEqual((await node.store.audit.list()).at(-1)?.kind, "config.reloaded");
});
