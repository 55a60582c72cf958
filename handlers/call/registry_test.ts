import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
import { rejects, strictEqual } from "node:assert/strict";

import { connectCall } from "./mod.ts";
import { served } from "./testdata/support.ts";

Deno.test("what is internal is not there for the wire, called or subscribed to", async () => {
  const registry = new OperationRegistry();
  registry.register([
    operation({ name: "top", access: ANYONE, handler: () => 1 }),
    operation({ name: "inside", access: ANYONE, visibility: "internal", handler: () => 2 }),
  ]);
  await using node = served({}, { dispatcher: registry });
  const client = connectCall(node.conn);
  for (const name of ["inside", "nowhere"]) {
    await rejects(client.call(name, {}), { code: "NOT_FOUND" });
    await rejects(client.subscribe(name, {}).next(), { code: "NOT_FOUND" });
  }
  await rejects(client.subscribe("top", {}).next(), { code: "INVALID_OPERATION_TYPE" });
  strictEqual(client.pending, 0);
});
