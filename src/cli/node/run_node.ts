import {
  type Endpoint,
  type EndpointEvent,
  fileCertificates,
  formatNodeId,
  joinIdentities,
  keyFingerprint,
  type ListenOptions,
  type NodeKey,
  serve,
} from "@alknet/core";
import type { AuditEvent, Store } from "@alknet/store";
import { dirname } from "node:path";
import type { Config, ListenConfig } from "../config/config.ts";
import type { Paths } from "../paths.ts";
import { serveControl } from "./control.ts";
import { storeEnrolment } from "./enrolment.ts";
import { createHandlers } from "./handlers.ts";
import { importServices } from "./import_services.ts";
import { LiveIdentities } from "./live_identities.ts";
import { loadOperationModules, registerModules } from "./operation_modules.ts";
import { nodeOperations } from "./operations.ts";
import { openNodeStore } from "./open_store.ts";
import { Peering } from "./peering.ts";
import { statusOf } from "./status.ts";

/** A node with everything around it. */
export interface RunningNode extends AsyncDisposable {
  readonly endpoint: Endpoint;
  /** Takes up `identities.toml` again, and asks services anew; the store is always up to date. */
  reload(): Promise<void>;
}

/** Opens a secret of the store, if there is one of that name. */
export type Unseal = (store: Store, name: string) => Promise<string | undefined>;

/** Assembles and starts a node: store, identities, handlers, endpoint, control socket. */
export async function runNode(
  key: NodeKey,
  config: Config,
  paths: Paths,
  unseal: Unseal = () => Promise.resolve(undefined),
): Promise<RunningNode> {
  await using started = new AsyncDisposableStack();
  const owner = keyFingerprint(key.publicKey);
  const byHand = started.use(await LiveIdentities.open(paths.identities));
  const elsewhere = (id: string) => byHand.provider.withId(id);
  const store = started.use(await openNodeStore(config, paths, { owner, elsewhere }));
  const startedAt = new Date();
  const running: { endpoint?: Endpoint } = {};
  const nodeId = formatNodeId(key.publicKey);
  const peering = new Peering(config, nodeId);
  const identities = joinIdentities([byHand.provider, store.identities]);
  const reload = (): Promise<void> => {
    imports.refresh();
    return byHand.reload();
  };
  const registry = nodeOperations({
    store,
    identitiesFile: byHand,
    identities,
    startedAt,
    reload,
    endpoint: () => running.endpoint,
    registry: { overlay: peering.env, nodeId },
    offers: (name, caller) => peering.offers(name, caller),
  });
  peering.register(registry);
  registerModules(registry, await loadOperationModules(config));
  const imports = started.use(
    importServices(config.imports, {
      registry,
      secret: (name) => unseal(store, name),
      onSecretsChange: (listener) => store.credentials.onChange(listener),
      directory: dirname(config.file ?? paths.config),
    }),
  );
  started.use(
    await serveControl(paths.control, {
      status: () =>
        Promise.resolve(
          running.endpoint &&
            statusOf(running.endpoint, config, {
              startedAt,
              peers: peering.statuses(),
              services: imports.status(),
            }),
        ),
      reload,
    }),
  );
  const endpoint = running.endpoint = started.use(
    await serve({
      key,
      handlers: await createHandlers(config, {
        enrolment: storeEnrolment(store, byHand),
        nodeId,
        dispatcher: registry,
        onCallConnect: peering.onConnect,
        handlerFor: (alpn) => running.endpoint?.handlers.find((each) => each.alpn.includes(alpn)),
      }),
      listen: await Promise.all(config.listen.map(listenOptions)),
      names: config.names,
      identities,
      limits: config.limits,
      onEvent: (event) => store.audit.append(auditEvent(event)),
    }),
  );
  started.use(peering).keep({
    key,
    identities,
    dispatcher: registry,
    peer: async (name) =>
      byHand.entries.peers.find(({ peerId }) => peerId === name) ??
        await store.identities.peer(name),
  });
  const all = started.move();
  return {
    endpoint,
    reload,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function auditEvent(event: EndpointEvent): AuditEvent {
  const { kind, peer, fingerprint, remoteAddr, alpn, transport } = event;
  return { kind, peer, fingerprint, remote: remoteAddr.hostname, detail: `${alpn} ${transport}` };
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
