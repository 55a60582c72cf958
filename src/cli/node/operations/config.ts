import { type AccessControl, CallError, type Operation, operation } from "@alknet/operations";
import { ConfigError } from "../../errors.ts";
import { noteChange } from "../note_change.ts";
import { NOTHING } from "./schemas.ts";
import type { OperationSources } from "./sources.ts";

const NODE_WRITE: AccessControl = { requiredScopes: ["node:write"] };

/** Operations with the node's files. */
export function aboutConfig({ store, identitiesFile, reload }: OperationSources): Operation[] {
  return [
    operation({
      name: "config/reload",
      access: NODE_WRITE,
      idempotent: true,
      description: "Read identities.toml again, and ask imported services anew",
      input: NOTHING,
      output: {
        type: "object",
        properties: { peers: { type: "integer" }, tokens: { type: "integer" } },
        required: ["peers", "tokens"],
      },
      errors: {
        CONFIG_INVALID: {
          description: "There is a mistake in it, and nothing was taken up",
          schema: {
            type: "object",
            properties: { line: { type: "integer" }, column: { type: "integer" } },
          },
          httpStatus: 409,
        },
      },
      handler: async (_input, { identity }) => {
        await reload().catch((error) => {
          throw mistake(error);
        });
        const { peers, tokens } = identitiesFile.entries;
        noteChange(store, { by: identity?.id ?? "", kind: "config.reloaded", what: "identities" });
        return { peers: peers.length, tokens: tokens.length };
      },
    }),
  ];
}

/** The place is told; the message has a path of the node's and may quote the file. */
function mistake(error: unknown): unknown {
  if (!(error instanceof ConfigError)) return error;
  const { line, column } = error.place;
  return new CallError("CONFIG_INVALID", `Mistake in identities.toml at ${line}:${column}`, {
    details: { line, column },
  });
}
