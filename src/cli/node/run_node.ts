import {
  type Endpoint,
  fileCertificates,
  formatNodeId,
  keyFingerprint,
  type ListenOptions,
  type NodeKey,
  serve,
} from "@alknet/core";
import type { Config, ListenConfig } from "../config/config.ts";
import type { Paths } from "../paths.ts";
import { serveControl } from "./control.ts";
import { createHandlers } from "./handlers.ts";
import { LiveIdentities } from "./live_identities.ts";
import { statusOf } from "./status.ts";

/** A node with everything around it. */
export interface RunningNode extends AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly identities: LiveIdentities;
  /** Takes up peers and tokens again. */
  reload(): Promise<void>;
}

/** Assembles and starts a node: handlers, identities, endpoint, control socket. */
export async function runNode(
  key: NodeKey,
  config: Config,
  paths: Paths,
): Promise<RunningNode> {
  await using started = new AsyncDisposableStack();
  const owner = keyFingerprint(key.publicKey);
  const identities = started.use(await LiveIdentities.open(paths.identities, owner));
  const startedAt = new Date();
  let endpoint: Endpoint | undefined;
  started.use(
    await serveControl(paths.control, {
      status: () => Promise.resolve(endpoint ? statusOf(endpoint, config, startedAt) : undefined),
      reload: () => identities.reload(),
    }),
  );
  endpoint = started.use(
    await serve({
      key,
      handlers: await createHandlers(config),
      listen: await Promise.all(config.listen.map(listenOptions)),
      names: config.names,
      identities: identities.provider,
      limits: config.limits,
    }),
  );
  const all = started.move();
  return {
    endpoint,
    identities,
    reload: () => identities.reload(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** The node's names for people: id and fingerprint. */
export function namesOf(key: NodeKey): { nodeId: string; fingerprint: string } {
  return { nodeId: formatNodeId(key.publicKey), fingerprint: keyFingerprint(key.publicKey) };
}

async function listenOptions(listen: ListenConfig): Promise<ListenOptions> {
  const { address: { hostname, port }, transports, x509 } = listen;
  const certificates = x509 ? await fileCertificates(x509) : undefined;
  return { hostname, port, transports, certificates };
}
