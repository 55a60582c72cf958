import { OperationRegistry } from "@alknet/operations";
import { aboutGroups } from "./operations/about_groups.ts";
import { aboutNode } from "./operations/about_node.ts";
import { aboutPeers } from "./operations/about_peers.ts";
import { aboutTokens } from "./operations/about_tokens.ts";
import { changePeers } from "./operations/change_peers.ts";
import { aboutConfig } from "./operations/config.ts";
import { discovery } from "./operations/discovery.ts";
import { nodeEvents } from "./operations/node_events.ts";
import type { OperationSources } from "./operations/sources.ts";

export type { OperationSources } from "./operations/sources.ts";

/**
 * The operations that every node offers over the call protocol, each behind its scope
 * (docs/security.md has the table).
 *
 * @param sources What they look at.
 */
export function nodeOperations(sources: OperationSources): OperationRegistry {
  const registry = new OperationRegistry(sources.registry);
  registry.register([
    ...discovery(registry, sources),
    ...aboutNode(sources),
    ...nodeEvents(sources),
    ...aboutPeers(sources),
    ...changePeers(sources),
    ...aboutGroups(sources),
    ...aboutTokens(sources),
    ...aboutConfig(sources),
  ]);
  return registry;
}
