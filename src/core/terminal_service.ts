import type { CloseInfo, Stream } from "./connection.ts";
import type { HandlerContext } from "./handler.ts";
import type { Identity } from "./identity.ts";

/** Size of a terminal in characters. */
export interface TerminalSize {
  /** Columns. */
  readonly columns: number;
  /** Rows. */
  readonly rows: number;
}

/** A terminal as somebody asks for it who brings the screen and the keyboard. */
export interface TerminalRequest {
  /** One of the names that {@linkcode TerminalOffer} had: which account programs run as. */
  readonly user: string;
  /** What the screen understands, for `TERM`, such as `xterm-256color`. */
  readonly term: string;
  /** Its size. */
  readonly size: TerminalSize;
  /** Variables for the programs, as far as the service lets them be set. Default: none. */
  readonly variables?: ReadonlyMap<string, string>;
  /** What shows the terminal, for lists of who is there. */
  readonly client: string;
}

/** A terminal with a shell on it. */
export interface OpenTerminal {
  /**
   * Resolves when it is over and everything shown was delivered, or at once when it was ended from
   * here, with a code of {@linkcode CloseCode} and a reason for people. Never rejects.
   */
  readonly ended: Promise<CloseInfo>;
  /** Changes its size. */
  resize(size: TerminalSize): void;
}

/**
 * Why there is no terminal: shells are switched off, the scope `ssh:shell` is missing, there is no
 * account for the identity, it would have to give a second factor, nothing here can make terminals,
 * or it has as many as it may.
 */
export type TerminalRefusal =
  | "off"
  | "scope"
  | "account"
  | "second-factor"
  | "unavailable"
  | "limit";

/** What somebody may have: under which names, or why not. */
export type TerminalOffer =
  | { /** The names, at least one. */ readonly users: readonly string[] }
  | { /** Why not. */ readonly refusal: TerminalRefusal };

/**
 * Shells on terminals that one handler offers to others which have let somebody in by means of their
 * own, such as a page in a browser. Who may have one, as which account and whether it is recorded is
 * for the service to say, and it ends them when the permission is withdrawn.
 */
export interface TerminalService {
  /** What an identity may have now. */
  offer(identity: Identity | undefined): Promise<TerminalOffer>;
  /**
   * Starts a shell whose terminal is at the other end of a stream: what is read from it is typed,
   * what is shown is written to it. The stream stays the caller's, who resets it after the end.
   *
   * @param stream Carries what is typed and shown.
   * @param ctx Who sits there; its signal hangs up.
   * @param request What kind of terminal.
   * @throws {TerminalRefusedError} When there is none.
   */
  open(stream: Stream, ctx: HandlerContext, request: TerminalRequest): Promise<OpenTerminal>;
}

/** Thrown when somebody may not have a terminal. */
export class TerminalRefusedError extends Error {
  /** The class's name. */
  override readonly name = "TerminalRefusedError";
  /** Who has to act. */
  readonly blame = "user";
  /** Why. */
  readonly refusal: TerminalRefusal;

  /** Takes the reason, which may be told to whoever asked. */
  constructor(refusal: TerminalRefusal) {
    super(`Cannot open a terminal: refused by "${refusal}"`);
    this.refusal = refusal;
  }
}
