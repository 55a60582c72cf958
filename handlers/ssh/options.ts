import type { Address, CommandService, Identity, StreamService } from "@alknet/core";

import type { Login } from "./auth/login.ts";
import type { LoginRules } from "./auth/login_policy.ts";
import { DEFAULT_THROTTLE_LIMITS, type ThrottleLimits } from "./auth/source_throttle.ts";
import { DEFAULT_AUTH_LIMITS } from "./auth/user_auth.ts";
import type { ChannelLimits } from "./channel/limits.ts";
import type { HostKey, TransportLimits } from "./engine/packet_transport.ts";
import { DEFAULT_FORWARD_LIMITS, type ForwardLimits } from "./forward/limits.ts";
import type { ForwardRule } from "./forward/rules.ts";
import { DEFAULT_IDLE_LIMITS, type IdleLimits } from "./idle_watch.ts";
import type { SessionLimits } from "./server_session.ts";
import type { Account } from "./session/account.ts";
import type { PtyProvider } from "./session/pty.ts";
import type { PtyRequest } from "./session/requests.ts";
import type { TerminalRecorder } from "./session/terminal_run.ts";
import { DEFAULT_TERMINAL_LIMITS, type TerminalLimits } from "./terminal/limits.ts";

/** Bounds of the handler (handlers/ssh/README.md). */
export interface SshLimits
  extends SessionLimits, ThrottleLimits, ForwardLimits, IdleLimits, TerminalLimits {}

/** What the handler uses where nothing else is said. */
export const DEFAULT_SSH_LIMITS: SshLimits = {
  ...DEFAULT_AUTH_LIMITS,
  ...DEFAULT_THROTTLE_LIMITS,
  ...DEFAULT_FORWARD_LIMITS,
  ...DEFAULT_IDLE_LIMITS,
  ...DEFAULT_TERMINAL_LIMITS,
  keepAliveMs: 30_000,
  maxMissedKeepAlives: 3,
};

/** Something that happened, for logs and an audit trail: who, from where, and how it ended. */
export interface SshEvent {
  /** `ssh.login`, `ssh.logout` or `auth.ssh-refused`. */
  readonly kind: "ssh.login" | "ssh.logout" | "auth.ssh-refused";
  /** The session's number. */
  readonly session: string;
  /** The name the client gave, which strangers choose freely. */
  readonly user?: string;
  /** The peer, once it has logged in. */
  readonly peer?: string;
  /** How it proved itself, or tried to. */
  readonly method?: string;
  /** Fingerprint of its key or certificate. */
  readonly fingerprint?: string;
  /** Where from. */
  readonly remoteAddr: Address;
  /** Why a session ended, where this side ended it. */
  readonly reason?: string;
}

/** What {@linkcode ssh} is told. */
export interface SshOptions extends LoginRules {
  /** The server's key. */
  readonly hostKey: HostKey;
  /** Whether shells are offered. Default: true. */
  readonly shell?: boolean;
  /** Whether commands are offered. Default: true. */
  readonly exec?: boolean;
  /** Whether the client's SSH agent may be forwarded. Default: false. */
  readonly agentForwarding?: boolean;
  /** Where connections may be made to, first match wins. Default: nowhere. */
  readonly forwardRules?: readonly ForwardRule[];
  /** Where may be listened for clients. Default: nowhere. */
  readonly listenRules?: readonly ForwardRule[];
  /** Paths of Unix sockets for forwarding; `*` at the end. Default: none. */
  readonly socketPatterns?: readonly string[];
  /** Services by the name of their subsystem, such as `sftp`. Default: none. */
  readonly subsystems?: ReadonlyMap<string, StreamService>;
  /** Commands of other handlers, such as Git's. Default: none. */
  readonly commands?: readonly CommandService[];
  /**
   * Commands that belong to a subsystem, by its name: for whoever may use that and may not run the
   * program of the command's name. Default: none.
   */
  readonly subsystemCommands?: ReadonlyMap<string, CommandService>;
  /** Variables that clients may set; `*` at the end. Default: language, colours, Git's protocol. */
  readonly envPatterns?: readonly string[];
  /** Variables that every program gets, whatever clients and keys say. Default: none. */
  readonly setEnv?: ReadonlyMap<string, string>;
  /** A text that clients show before anybody has logged in; plain, see `checkedBanner()`. */
  readonly banner?: string;
  /** The account that programs of a login run as. Default: the node's own. */
  readonly accountOf?: (login: Login) => Promise<Account | undefined>;
  /**
   * Names that an identity may log in under, for terminals of other handlers, whose users choose one.
   * Default: its id.
   */
  readonly usersOf?: (identity: Identity) => readonly string[];
  /** Makes terminals. Default: node-pty, else `script`. */
  readonly pty?: PtyProvider;
  /** Records terminals. Default: nothing is recorded. */
  readonly record?: (
    request: PtyRequest,
    identity: Identity,
  ) => Promise<TerminalRecorder | undefined>;
  /** Told of logins and refusals. Default: only the log is. */
  readonly onEvent?: (event: SshEvent) => void;
  /** Bounds that differ from {@linkcode DEFAULT_SSH_LIMITS}. */
  readonly limits?: Partial<SshLimits>;
  /** Bounds of each connection's channels. */
  readonly channelLimits?: Partial<ChannelLimits>;
  /** Bounds of each connection's transport. */
  readonly transportLimits?: Partial<TransportLimits>;
}
