import type { Address, CommandService, Identity, StreamService } from "@alknet/core";

import type { Login } from "../auth/login.ts";
import type { Account } from "./account.ts";
import type { PtyProvider } from "./pty.ts";
import type { PtyRequest } from "./requests.ts";
import type { TerminalRecorder } from "./terminal_run.ts";

/** What sessions of one connection can do. */
export interface SessionServices {
  /** Who is logged in. */
  readonly login: Login;
  /** Where from. */
  readonly remoteAddr: Address;
  /** Aborts with the connection. */
  readonly signal: AbortSignal;
  /** Whether shells are offered at all. */
  readonly shell: boolean;
  /** Whether commands are offered at all. */
  readonly exec: boolean;
  /** Terminals, where they can be had. */
  readonly pty?: PtyProvider;
  /** Streams by the name of their subsystem; each needs the scope `ssh:<name>`. */
  readonly subsystems: ReadonlyMap<string, StreamService>;
  /** Commands of other handlers. */
  readonly commands: readonly CommandService[];
  /** Commands that belong to a subsystem, by its name; each needs the subsystem's scope. */
  readonly subsystemCommands: ReadonlyMap<string, CommandService>;
  /** Variables that clients may set. */
  readonly envPatterns: readonly string[];
  /** Variables that every program gets. */
  readonly setEnv: ReadonlyMap<string, string>;
  /** The account that programs run as; undefined where there is none for this login. */
  account(): Promise<Account | undefined>;
  /** Forwards the client's agent: the path of a socket, or undefined. Default: never. */
  openAgent?(): Promise<string | undefined>;
  /** Records a terminal. Default: nothing is recorded. */
  record?(request: PtyRequest, identity: Identity): Promise<TerminalRecorder | undefined>;
}
