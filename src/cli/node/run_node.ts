import {
  type Endpoint,
  type EndpointEvent,
  fileCertificates,
  type ListenOptions,
  type NamedCertificates,
  type NodeKey,
  serve,
} from "@alknet/core";
import type { HostKey } from "@alknet/ssh";
import type { AuditEvent } from "@alknet/store";
import type { Config, ListenConfig } from "../config/config.ts";
import type { Paths } from "../paths.ts";
import { serveControl } from "./control.ts";
import { storeEnrolment } from "./enrolment.ts";
import { createHandlers } from "./handlers.ts";
import { type NodeParts, openNodeParts, type Unseal } from "./node_parts.ts";
import { SshNode } from "./ssh_node.ts";
import { type NodeStatus, statusOf } from "./status.ts";

/** A node with everything around it. */
export interface RunningNode extends AsyncDisposable {
  readonly endpoint: Endpoint;
  /** Takes up `identities.toml` again, and asks services anew; the store is always up to date. */
  reload(): Promise<void>;
}

/** The keys of a node, as its vault derives them. */
export interface NodeKeys {
  /** Its identity. */
  readonly node: NodeKey;
  /** What its SSH server shows. */
  readonly sshHost: HostKey;
}

/** Assembles and starts a node: store, identities, handlers, endpoint, control socket. */
export async function runNode(
  { node: key, sshHost }: NodeKeys,
  config: Config,
  paths: Paths,
  unseal: Unseal = () => Promise.resolve(undefined),
): Promise<RunningNode> {
  await using started = new AsyncDisposableStack();
  const running: { endpoint?: Endpoint; ssh?: SshNode } = {};
  const options = {
    key,
    config,
    paths,
    unseal,
    endpoint: () => running.endpoint,
    terminals: () => running.ssh?.terminalService,
  };
  const parts = await openNodeParts(started, options);
  const { reload, peering, identities, registry, peer, store, sftpFiles: files } = parts;
  const ssh = running.ssh = new SshNode(config.ssh, {
    hostKey: sshHost,
    paths,
    identities,
    files,
    audit: store.audit,
  });
  const status = async (): Promise<NodeStatus | undefined> =>
    running.endpoint && statusNow(running.endpoint, config, parts, await ssh.terminals());
  started.use(await serveControl(paths.control, { status, reload, ...ssh.operations }));
  const endpoint = running.endpoint = started.use(
    await startEndpoint(parts, { key, config, ssh, endpoint: () => running.endpoint }),
  );
  parts.acme?.start(); // not before: the authority connects to this node
  started.use(ssh.listen());
  started.use(peering).keep({
    key,
    identities,
    dispatcher: registry,
    peer,
  });
  const all = started.move();
  return { endpoint, reload, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

interface EndpointSources {
  readonly key: NodeKey;
  readonly config: Config;
  readonly ssh: SshNode;
  /** The endpoint, once it runs. */
  readonly endpoint: () => Endpoint | undefined;
}

async function startEndpoint(
  parts: NodeParts,
  { key, config, ssh, endpoint }: EndpointSources,
): Promise<Endpoint> {
  const { store, byHand, nodeId, registry, peering, identities } = parts;
  return await serve({
    key,
    handlers: await createHandlers(config, {
      enrolment: storeEnrolment(store, byHand),
      nodeId,
      dispatcher: registry,
      catalogue: registry,
      endpoint,
      pages: parts.pages,
      sites: parts.sites,
      onCallConnect: peering.onConnect,
      sftpFiles: parts.sftpFiles,
      ssh: () => ssh.start(),
      terminalCounters: () => ssh.terminalCounters,
    }),
    listen: await Promise.all(config.listen.map((each) => listenOptions(each, parts.acme))),
    names: config.names,
    identities,
    limits: config.limits,
    onEvent: (event) => store.audit.append(auditEvent(event)),
  });
}

function statusNow(
  endpoint: Endpoint,
  config: Config,
  { startedAt, peering, imports, acme, sites }: NodeParts,
  terminals: string | undefined,
): NodeStatus {
  return statusOf(endpoint, config, {
    startedAt,
    terminals,
    peers: peering.statuses(),
    services: imports.status(),
    acme: acme?.status,
    upstreams: sites.servers(),
  });
}

function auditEvent(event: EndpointEvent): AuditEvent {
  const { kind, peer, fingerprint, remoteAddr, alpn, transport } = event;
  return { kind, peer, fingerprint, remote: remoteAddr.hostname, detail: `${alpn} ${transport}` };
}

async function listenOptions(
  listen: ListenConfig,
  acme: NamedCertificates | undefined,
): Promise<ListenOptions> {
  const { address: { hostname, port }, transports, x509, quicCertificate } = listen;
  const certificates = x509 ? await fileCertificates(x509) : undefined;
  const named = listen.acme ? acme : undefined;
  return { hostname, port, transports, certificates, named, quicCertificate };
}
