import type { Client } from "@modelcontextprotocol/client";
import { ANYONE, importedOperation, type JsonSchema, type Operation } from "@alknet/operations";

import { boundedValue } from "../http/parse_json.ts";
import { memberOf, recordOf, textOf } from "../plain_data.ts";
import { callErrorOf, MCP_ERRORS } from "./mcp_errors.ts";
import type { McpRequestOptions, McpSession } from "./mcp_session.ts";

/** A request of MCP that is an operation of every server that has what it is about. */
interface ServerRequest {
  readonly name: string;
  readonly needs: "resources" | "prompts";
  readonly description: string;
  readonly input: JsonSchema;
  send(client: Client, input: unknown, options: McpRequestOptions): Promise<unknown>;
}

const NO_INPUT: JsonSchema = { type: "object", additionalProperties: false };

const REQUESTS: readonly ServerRequest[] = [
  {
    name: "resources/list",
    needs: "resources",
    description: "Resources of the MCP server",
    input: NO_INPUT,
    send: async (client, _input, options) => (await client.listResources({}, options)).resources,
  },
  {
    name: "resources/read",
    needs: "resources",
    description: "The contents of a resource of the MCP server",
    input: {
      type: "object",
      properties: { uri: { type: "string" } },
      required: ["uri"],
      additionalProperties: false,
    },
    send: async (client, input, options) => {
      const uri = textOf(memberOf(input, "uri")) ?? "";
      return (await client.readResource({ uri }, options)).contents;
    },
  },
  {
    name: "prompts/list",
    needs: "prompts",
    description: "Prompts of the MCP server",
    input: NO_INPUT,
    send: async (client, _input, options) => (await client.listPrompts({}, options)).prompts,
  },
  {
    name: "prompts/get",
    needs: "prompts",
    description: "The messages of a prompt of the MCP server",
    input: {
      type: "object",
      properties: {
        name: { type: "string" },
        arguments: { type: "object", additionalProperties: { type: "string" } },
      },
      required: ["name"],
      additionalProperties: false,
    },
    send: async (client, input, options) => {
      const name = textOf(memberOf(input, "name")) ?? "";
      const given = Object.entries(recordOf(memberOf(input, "arguments")));
      const texts = given.map(([key, value]) => [key, String(value)]);
      return (await client.getPrompt({ name, arguments: Object.fromEntries(texts) }, options))
        .messages;
    },
  },
];

/** Operations for the resources and prompts of a server, as far as it has any. */
export function serverOperations(
  namespace: string,
  session: McpSession,
  has: (capability: "resources" | "prompts") => boolean,
): Operation[] {
  return REQUESTS.filter(({ needs }) => has(needs)).map((request) =>
    importedOperation({
      name: `${namespace}/${request.name}`,
      namespace: namespace.split("/", 1)[0] ?? namespace,
      type: "query",
      visibility: "internal",
      description: request.description,
      inputSchema: request.input,
      outputSchema: true,
      errorSchemas: MCP_ERRORS,
      accessControl: ANYONE,
      idempotent: true,
    }, {
      kind: "once",
      run: async (input, { signal }) => {
        try {
          const options = session.request(signal);
          return boundedValue(
            await session.use((client) => request.send(client, input, options)),
          );
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          throw callErrorOf(error);
        }
      },
    })
  );
}
