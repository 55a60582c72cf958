import type { Identity } from "@alknet/core";

import { type Capabilities, NO_CAPABILITIES } from "./capabilities.ts";
import type { ScopedEnv } from "./context.ts";
import type { Operation } from "./operation.ts";
import { scopedEnv } from "./scoped_env.ts";

/** What a program gives an operation when it registers it. Nobody else can. */
export interface OperationGrants {
  /**
   * Under whose name and scopes the operation calls others: `id` labels it in logs. The scopes of
   * its own caller never count there. Default: none, so that it reaches only what is for anyone.
   */
  readonly authority?: Identity;
  /** What it may reach by composition. Default: nothing. */
  readonly reaches?: ScopedEnv | readonly string[];
  /** Outbound secrets. Default: none. */
  readonly capabilities?: Capabilities;
}

/** An operation with what it was given. */
export interface Registration {
  /** What it is. */
  readonly operation: Operation;
  /** Who brought it: `local`, or a label such as `peer:worker-1`. */
  readonly source: string;
  /** Under whose name it calls others. */
  readonly authority: Identity | undefined;
  /** What it may reach. */
  readonly scopedEnv: ScopedEnv;
  /** Outbound secrets. */
  readonly capabilities: Capabilities;
}

/** The source of operations that this program defines itself. */
export const LOCAL_SOURCE = "local";

const NOWHERE = scopedEnv();

/** Puts an operation and grants together; an imported one is a leaf that reaches nothing. */
export function registration(
  operation: Operation,
  source: string,
  { authority, reaches = NOWHERE, capabilities = NO_CAPABILITIES }: OperationGrants,
): Registration {
  if (operation.imported) {
    return { operation, source, authority: undefined, scopedEnv: NOWHERE, capabilities };
  }
  const env = "allows" in reaches ? reaches : scopedEnv({ operations: reaches });
  return { operation, source, authority, scopedEnv: env, capabilities };
}
