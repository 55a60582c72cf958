import { join } from "node:path";
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
import { type HostKey, listenPlain, type SshEvent, type SshHandler } from "@alknet/ssh";
import type { AuditEvent } from "@alknet/store";
import type { Config, ListenConfig } from "../config/config.ts";
import type { Paths } from "../paths.ts";
import { serveControl } from "./control.ts";
import { storeEnrolment } from "./enrolment.ts";
import { createHandlers } from "./handlers.ts";
import { LiveIdentities } from "./live_identities.ts";
import { nodeOperations } from "./operations.ts";
import { openNodeStore } from "./open_store.ts";
import { createSsh } from "./ssh_node.ts";
import { sshOperations } from "./ssh_control.ts";
import { statusOf } from "./status.ts";

/** A node with everything around it. */
export interface RunningNode extends AsyncDisposable {
  readonly endpoint: Endpoint;
  /** Takes up `identities.toml` again; the store is always up to date. */
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
  { node: key, sshHost: hostKey }: NodeKeys,
  config: Config,
  paths: Paths,
): Promise<RunningNode> {
  await using started = new AsyncDisposableStack();
  const owner = keyFingerprint(key.publicKey);
  const byHand = started.use(await LiveIdentities.open(paths.identities));
  const store = started.use(await openNodeStore(config, paths, owner));
  const startedAt = new Date();
  const running: { endpoint?: Endpoint; ssh?: SshHandler } = {};
  started.use(
    await serveControl(paths.control, {
      status: async () =>
        running.endpoint &&
        statusOf(running.endpoint, config, { startedAt, terminals: await running.ssh?.ptyName() }),
      reload: () => byHand.reload(),
      ...sshOperations(() => running.ssh),
    }),
  );
  const identities = joinIdentities([byHand.provider, store.identities]);
  const endpoint = running.endpoint = started.use(
    await serve({
      key,
      handlers: await createHandlers(config, {
        enrolment: storeEnrolment(store),
        nodeId: formatNodeId(key.publicKey),
        dispatcher: nodeOperations({ store, endpoint: () => running.endpoint }),
        ssh: ({ ssh }) =>
          running.ssh = createSsh(ssh, {
            hostKey,
            peers: [byHand.provider, store.identities],
            subsystems: new Map(),
            commands: [],
            recordings: join(paths.data, "ssh-recordings"),
            onEvent: (event) => store.audit.append(sshAuditEvent(event)),
          }),
      }),
      listen: await Promise.all(config.listen.map(listenOptions)),
      names: config.names,
      identities,
      limits: config.limits,
      onEvent: (event) => store.audit.append(auditEvent(event)),
    }),
  );
  const { tcp: address } = config.ssh;
  if (running.ssh && address) started.use(listenPlain(running.ssh, { address, identities }));
  const all = started.move();
  return {
    endpoint,
    reload: () => byHand.reload(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function auditEvent(event: EndpointEvent): AuditEvent {
  const { kind, peer, fingerprint, remoteAddr, alpn, transport } = event;
  return { kind, peer, fingerprint, remote: remoteAddr.hostname, detail: `${alpn} ${transport}` };
}

function sshAuditEvent(
  { kind, peer, fingerprint, remoteAddr, user, method }: SshEvent,
): AuditEvent {
  return { kind, peer, fingerprint, remote: remoteAddr.hostname, detail: `${method} as ${user}` };
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
