import type { CommandService, IdentityProvider, StreamService } from "@alknet/core";
import {
  type Account,
  accountNamed,
  type HostKey,
  listenPlain,
  type Login,
  nodeAccount,
  recordAsciicast,
  RevocationFile,
  ssh,
  SshAccountError,
  type SshEvent,
  type SshHandler,
} from "@alknet/ssh";
import { hashCommands, sftpService } from "@alknet/sftp";
import { getLogger } from "@logtape/logtape";
import type { AuditEvent } from "@alknet/store";
import { join } from "node:path";
import type { SshConfig } from "../config/ssh_config.ts";
import type { Paths } from "../paths.ts";
import type { ControlOperations } from "./control.ts";
import type { SftpFiles } from "./sftp_files.ts";
import { sshOperations } from "./ssh_control.ts";

/** What the SSH handler is given beside its configuration. */
export interface SshServices {
  /** The server's key, from the vault. */
  readonly hostKey: HostKey;
  /** Services for subsystems, such as `sftp`. */
  readonly subsystems: ReadonlyMap<string, StreamService>;
  /** Commands of other handlers. */
  readonly commands: readonly CommandService[];
  /** Commands that belong to a subsystem. */
  readonly subsystemCommands: ReadonlyMap<string, CommandService>;
  /** Where recordings go. */
  readonly recordings: string;
  /** Told of logins and refusals. */
  onEvent(event: SshEvent): void;
}

const log = getLogger(["alknet", "ssh"]);

/** What the SSH of a node is made of. */
export interface SshNodeOptions {
  /** The server's key, from the vault. */
  readonly hostKey: HostKey;
  readonly paths: Paths;
  readonly identities: IdentityProvider;
  /** The files that peers may have. */
  readonly files: SftpFiles;
  /** Takes security events. */
  readonly audit: { append(event: AuditEvent): void };
}

/** SSH in a node: the handler, if it is enabled, its plain port and what commands may ask of it. */
export class SshNode {
  /** For the control socket. */
  readonly operations: ControlOperations = sshOperations(() => this.#handler);
  readonly #config: SshConfig;
  readonly #options: SshNodeOptions;
  #handler?: SshHandler;

  constructor(config: SshConfig, options: SshNodeOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** Makes the handler. */
  start(): SshHandler {
    const { hostKey, paths, audit, files } = this.#options;
    return this.#handler ??= createSsh(this.#config, {
      hostKey,
      subsystems: new Map([["sftp", sftpService({ files })]]),
      commands: [],
      subsystemCommands: new Map([["sftp", hashCommands({ files })]]),
      recordings: join(paths.data, "ssh-recordings"),
      onEvent: (event) => audit.append(auditEvent(event)),
    });
  }

  /** Listens on the plain port, where there is to be one. */
  listen(): AsyncDisposable {
    const { tcp: address } = this.#config;
    const { identities } = this.#options;
    if (this.#handler && address) return listenPlain(this.#handler, { address, identities });
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  /** What terminals are made with. */
  async terminals(): Promise<string | undefined> {
    return await this.#handler?.ptyName();
  }
}

/** The SSH handler as configured. */
export function createSsh(config: SshConfig, services: SshServices): SshHandler {
  const { offer, revocationsFile } = config;
  const offered = <T>(all: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...all].filter(([name]) => offer.has(name)));
  return ssh({
    hostKey: services.hostKey,
    shell: offer.has("shell"),
    exec: offer.has("exec"),
    agentForwarding: offer.has("agent"),
    subsystems: offered(services.subsystems),
    subsystemCommands: offered(services.subsystemCommands),
    commands: services.commands,
    forwardRules: config.forwardRules,
    listenRules: config.listenRules,
    socketPatterns: config.socketPatterns,
    authorities: config.authorities,
    envPatterns: config.envPatterns,
    setEnv: config.setEnv,
    banner: config.banner,
    acceptPeerProof: config.acceptPeerProof,
    limits: config.limits,
    restrictionsOf: (fingerprint) => config.restrictions.get(fingerprint),
    revocations: [
      config.revocations,
      ...revocationsFile === undefined ? [] : [new RevocationFile(revocationsFile)],
    ],
    accountOf: (login) => accountOf(login, config.unixUsers),
    record: async (request, { id: peer }) =>
      config.record.has(peer)
        ? await recordAsciicast({ directory: services.recordings, peer, request })
        : undefined,
    onEvent: services.onEvent,
  });
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

function auditEvent({ kind, peer, fingerprint, remoteAddr, user, method }: SshEvent): AuditEvent {
  return { kind, peer, fingerprint, remote: remoteAddr.hostname, detail: `${method} as ${user}` };
}
