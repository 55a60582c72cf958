import {
  type Endpoint,
  formatNodeId,
  type IdentityProvider,
  joinIdentities,
  keyFingerprint,
  type NodeId,
  type NodeKey,
  type StoredPeer,
} from "@alknet/core";
import type { AcmeCertificates } from "@alknet/acme";
import { dashboard, type Page } from "@alknet/http";
import type { OperationRegistry } from "@alknet/operations";
import type { Store } from "@alknet/store";
import { dirname } from "node:path";
import type { Config } from "../config/config.ts";
import type { Paths } from "../paths.ts";
import { openAcme } from "./acme.ts";
import { PeerStreams } from "./dial_peer.ts";
import { type ImportedServices, importServices } from "./import_services.ts";
import { LiveIdentities } from "./live_identities.ts";
import { loadOperationModules, registerModules } from "./operation_modules.ts";
import { type NodeSites, nodeSites } from "./node_sites.ts";
import { nodeOperations } from "./operations.ts";
import { dashboardLink } from "./operations/dashboard.ts";
import { aboutUpstreams } from "./operations/about_upstreams.ts";
import { openNodeStore } from "./open_store.ts";
import { Peering } from "./peering.ts";
import { dashboardFiles, type SftpFiles, sftpFiles } from "./sftp_files.ts";

/** Opens a secret of the store, if there is one of that name. */
export type Unseal = (store: Store, name: string) => Promise<string | undefined>;

/** What the parts of a node are made of. */
export interface NodePartsOptions {
  readonly key: NodeKey;
  readonly config: Config;
  readonly paths: Paths;
  readonly unseal: Unseal;
  /** The endpoint, once it runs. */
  endpoint(): Endpoint | undefined;
}

/** Everything a node has beside its endpoint and handlers. */
export interface NodeParts {
  readonly nodeId: NodeId;
  readonly startedAt: Date;
  readonly store: Store;
  /** What stands in `identities.toml`. */
  readonly byHand: LiveIdentities;
  /** Both together. */
  readonly identities: IdentityProvider;
  /** What peers may call. */
  readonly registry: OperationRegistry;
  readonly peering: Peering;
  readonly imports: ImportedServices;
  /** Certificates from an authority, where they are wanted. */
  readonly acme?: AcmeCertificates;
  /** The files that peers may have. */
  readonly sftpFiles: SftpFiles;
  /** What the node shows over HTTP beside its routes: the dashboard, and sites. */
  readonly pages: readonly Page[];
  readonly sites: NodeSites;
  /** Looks a peer up by its name, whoever keeps it. */
  readonly peer: (name: string) => Promise<StoredPeer | undefined>;
  /** Takes up `identities.toml` again, and asks services anew; the store is always up to date. */
  reload(): Promise<void>;
}

/** Opens them; what has to be closed again goes onto the stack. */
export async function openNodeParts(
  started: AsyncDisposableStack,
  { key, config, paths, unseal, endpoint }: NodePartsOptions,
): Promise<NodeParts> {
  const startedAt = new Date();
  const nodeId = formatNodeId(key.publicKey);
  const owner = keyFingerprint(key.publicKey);
  const byHand = started.use(await LiveIdentities.open(paths.identities));
  const elsewhere = (id: string) => byHand.provider.withId(id);
  const store = started.use(await openNodeStore(config, paths, { owner, elsewhere }));
  const identities = joinIdentities([byHand.provider, store.identities]);
  const peering = new Peering(config, nodeId);
  const acme = await openAcme(config, paths);
  if (acme) started.use(acme);
  const reload = (): Promise<void> => {
    imports.refresh();
    acme?.retry();
    return byHand.reload();
  };
  const registry = nodeOperations({
    store,
    identitiesFile: byHand,
    identities,
    startedAt,
    reload,
    endpoint,
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
  const peer = async (name: string): Promise<StoredPeer | undefined> =>
    byHand.entries.peers.find(({ peerId }) => peerId === name) ?? await store.identities.peer(name);
  const files = sftpFiles(config.sftp, paths.files);
  const sources = { config, paths, registry, identities, peer, sftpFiles: files };
  const { pages, sites } = openPages(started, sources);
  return {
    nodeId,
    startedAt,
    store,
    byHand,
    identities,
    registry,
    peering,
    imports,
    acme,
    sftpFiles: files,
    pages,
    sites,
    peer,
    reload,
  };
}

interface PageSources extends Pick<NodeParts, "registry" | "identities" | "peer" | "sftpFiles"> {
  readonly config: Config;
  readonly paths: Paths;
}

function openPages(
  started: AsyncDisposableStack,
  sources: PageSources,
): Pick<NodeParts, "pages" | "sites"> {
  const { config, paths, registry, identities, peer } = sources;
  const { ownHosts, publicUrl } = config.http;
  const files = dashboardFiles(sources.sftpFiles, config);
  const pages = dashboard({ operations: registry, files });
  started.defer(identities.onChange(() => pages.endRevoked()));
  const streams = started.use(new PeerStreams({ alpn: "http/1.1", peer }));
  const directory = dirname(config.file ?? paths.config);
  const { open: dialPeer } = streams;
  const sites = started.use(nodeSites(config.sites, { directory, dialPeer, ownHosts }));
  const { isOwnHost } = sites;
  registry.register(dashboardLink(pages, identities, { ownHosts, publicUrl, isOwnHost }));
  registry.register(aboutUpstreams(sites));
  const signedIn: Page = (request, info) =>
    isOwnHost(new URL(request.url)) ? pages.fetch(request, info) : undefined;
  return { pages: [signedIn, sites.page], sites };
}
