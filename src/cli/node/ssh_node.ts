import type { CommandService, Identity, PeerDirectory, StreamService } from "@alknet/core";
import {
  type Account,
  accountNamed,
  type HostKey,
  type Login,
  nodeAccount,
  recordAsciicast,
  ssh,
  SshAccountError,
  type SshEvent,
  type SshHandler,
} from "@alknet/ssh";
import { getLogger } from "@logtape/logtape";
import type { SshConfig } from "../config/ssh_config.ts";

/** What the SSH handler is given beside its configuration. */
export interface SshServices {
  /** The server's key, from the vault. */
  readonly hostKey: HostKey;
  /** Where peers are found by name, in order of precedence. */
  readonly peers: readonly PeerDirectory[];
  /** Services for subsystems, such as `sftp`. */
  readonly subsystems: ReadonlyMap<string, StreamService>;
  /** Commands of other handlers. */
  readonly commands: readonly CommandService[];
  /** Where recordings go. */
  readonly recordings: string;
  /** Told of logins and refusals. */
  onEvent(event: SshEvent): void;
}

const log = getLogger(["alknet", "ssh"]);

/** The SSH handler as configured. */
export function createSsh(config: SshConfig, services: SshServices): SshHandler {
  const { offer, forceCommands } = config;
  const subsystems = [...services.subsystems].filter(([name]) => offer.has(name));
  return ssh({
    hostKey: services.hostKey,
    shell: offer.has("shell"),
    exec: offer.has("exec"),
    agentForwarding: offer.has("agent"),
    subsystems: new Map(subsystems),
    commands: services.commands,
    forwardRules: config.forwardRules,
    listenRules: config.listenRules,
    socketPatterns: config.socketPatterns,
    authorities: config.authorities,
    envPatterns: config.envPatterns,
    acceptPeerProof: config.acceptPeerProof,
    limits: config.limits,
    peerByName: (name) => peerNamed(services.peers, name),
    restrictionsOf: (fingerprint) => {
      const forceCommand = forceCommands.get(fingerprint);
      return forceCommand === undefined ? undefined : { forceCommand };
    },
    accountOf: (login) => accountOf(login, config.unixUsers),
    record: async (request, { id: peer }) =>
      config.record.has(peer)
        ? await recordAsciicast({ directory: services.recordings, peer, request })
        : undefined,
    onEvent: services.onEvent,
  });
}

function peerNamed(peers: readonly PeerDirectory[], name: string): Identity | undefined {
  for (const directory of peers) {
    const peer = directory.byId(name);
    if (peer) return peer;
  }
  return undefined;
}

/** Where accounts are configured, somebody without one runs nothing: never as the node's own user. */
async function accountOf(
  login: Login,
  unixUsers: SshConfig["unixUsers"],
): Promise<Account | undefined> {
  if (unixUsers.size === 0) return await nodeAccount();
  const peer = login.identity()?.id;
  if (peer === undefined || !unixUsers.get(peer)?.has(login.user)) return undefined;
  try {
    return await accountNamed(login.user);
  } catch (error) {
    if (!(error instanceof SshAccountError)) throw error;
    log.warn("ssh.no-account", { user: login.user, peer, error });
    return undefined;
  }
}
