import { readConfig } from "../config/config.ts";
import type { Paths } from "../paths.ts";
import { formatAddress, reachableAddresses } from "./addresses.ts";
import { askNode, isRunning } from "./control.ts";
import type { NodeStatus } from "./status.ts";

/** The running node's addresses as `host:port`, or those its configuration would give it. */
export async function ownAddresses(paths: Paths): Promise<string[]> {
  if (await isRunning(paths.control)) {
    const status = await askNode(paths.control, "status") as NodeStatus;
    return status.listeners.flatMap(({ reachable }) => reachable);
  }
  const config = await readConfig(paths.config);
  return config.listen
    .flatMap(({ address }) => reachableAddresses(address))
    .map((address) => formatAddress(address));
}
