import { type Identity, NOBODY, serve, trustAnchor } from "@alknet/core";
import { http, webApp } from "@alknet/http";
import { ANYONE, CallError, operation, OperationRegistry } from "@alknet/operations";

/** A node with MCP, behind a door that adds what the suite cannot: TLS and a token. */
export interface McpNode extends AsyncDisposable {
  /** Where the suite finds it. */
  readonly url: string;
}

const TESTER: Identity = { id: "tester", scopes: ["*"], resources: {} };

/** The schema of which the suite wants to see every keyword again. */
const RICH_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

/** Operations that do what the suite expects of tools of these names. */
const FIXTURES = [
  operation({
    name: "test_simple_text",
    description: "Says something simple",
    access: ANYONE,
    handler: () => "This is simple",
  }),
  operation({
    name: "test_error_handling",
    description: "Fails",
    access: ANYONE,
    errors: { ON_PURPOSE: {} },
    handler: () => {
      throw new CallError("ON_PURPOSE", "This tool fails on purpose");
    },
  }),
  operation({
    name: "test_tool_with_progress",
    type: "subscription",
    description: "Tells how far it is",
    access: ANYONE,
    async *handler() {
      for (const percent of [0, 50, 100]) yield percent;
    },
  }),
  operation({
    name: "json_schema_2020_12_tool",
    input: RICH_SCHEMA,
    description: "Has a schema",
    access: ANYONE,
    handler: () => "ok",
  }),
];

/** Starts one with operations that the suite knows. */
export async function startMcpNode(): Promise<McpNode> {
  const registry = new OperationRegistry();
  registry.register(FIXTURES);
  const operations = { dispatcher: registry, catalogue: registry };
  const mcp = { operationTools: true };
  const node = await serve({
    hostname: "127.0.0.1",
    names: ["localhost"],
    identities: { ...NOBODY, fromToken: () => TESTER },
    handlers: [http({ app: webApp({ operations, mcp }) })],
  });
  const client = Deno.createHttpClient({ caCerts: [trustAnchor(node.key.publicKey)] });
  const origin = `https://localhost:${node.addr.port}`;
  const front = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, port } = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.set("authorization", "Bearer conformance");
    const asked = headers.get("origin");
    // It asks without TLS; what is the same origin for it shall be that for the node.
    if (asked && [`http://localhost:${port}`, `http://127.0.0.1:${port}`].includes(asked)) {
      headers.set("origin", origin);
    }
    const { method, body, signal } = request;
    return fetch(`${origin}${pathname}`, { method, headers, body, signal, client })
      .catch(() => new Response(null, { status: 502 })); // whoever asked has left
  });
  return {
    url: `http://127.0.0.1:${front.addr.port}/mcp`,
    async [Symbol.asyncDispose](): Promise<void> {
      await front.shutdown();
      client.close();
      await node.close();
    },
  };
}
