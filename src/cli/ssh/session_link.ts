import { backoffMs, pause } from "@alknet/core";
import type { SshClientSession } from "@alknet/ssh";
import { CliError, ExitCode } from "../errors.ts";
import { exitCodeOf } from "../exit_code_of.ts";

/** Where a session to open channels in comes from. */
export interface SessionSource {
  /** The session of now, or the next one if it does not take too long. */
  session(): Promise<SshClientSession>;
}

/** What happens to a link. */
export type LinkEvent =
  | { readonly event: "connected" }
  | { readonly event: "lost"; readonly reason: string; readonly retryInMs: number };

/** What {@linkcode SessionLink} is told. */
export interface SessionLinkOptions {
  /** Makes a session. */
  connect(signal: AbortSignal): Promise<SshClientSession>;
  /** Prepares each new session; what it throws is fatal for the first one only. */
  attach(session: SshClientSession): Promise<void>;
  /** Told of every change. */
  onEvent(event: LinkEvent): void;
  /** Whether the first failure is not the end. Default: false. */
  readonly keepTrying?: boolean;
  /** How long somebody waits for a session that is being made anew. Default: 10,000. */
  readonly patienceMs?: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** The first wait is from one second up, the last thirty at most. */
const FIRST_WAIT_MS = 2_000;
const MAX_WAIT_MS = 30_000;
const PATIENCE_MS = 10_000;
/** A session that lived that long was a good one: the next failure is a first one again. */
const GOOD_SESSION_MS = 10_000;

/** A session that is made anew whenever it is lost. */
export class SessionLink implements SessionSource {
  readonly #options: SessionLinkOptions;
  #next = Promise.withResolvers<SshClientSession>();
  #hasConnected = false;

  /** Makes nothing before {@linkcode SessionLink.run}. */
  constructor(options: SessionLinkOptions) {
    this.#options = options;
    this.#next.promise.catch(() => {}); // whoever asks is told
  }

  /**
   * Keeps the session up until the signal aborts.
   *
   * @throws {CliError} When trying again is no use: the node refuses, or shows another key; for the
   * first session, whatever it failed of.
   */
  async run(): Promise<void> {
    const { signal, onEvent } = this.#options;
    for (let failures = 1; !signal.aborted; failures++) {
      const begun = performance.now();
      const reason = await this.#once();
      if (signal.aborted) return;
      if (performance.now() - begun > GOOD_SESSION_MS) failures = 1;
      const retryInMs = Math.round(
        backoffMs(failures, { firstMs: FIRST_WAIT_MS, maxMs: MAX_WAIT_MS }),
      );
      onEvent({ event: "lost", reason, retryInMs });
      await pause(retryInMs, signal);
    }
  }

  async session(): Promise<SshClientSession> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new CliError("There is no connection to the node", ExitCode.Unreachable)),
      this.#options.patienceMs ?? PATIENCE_MS,
    );
    try {
      return await Promise.race([this.#next.promise, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One session from its begin to its end: why it ended. */
  async #once(): Promise<string> {
    const { connect, attach, onEvent, signal, keepTrying } = this.#options;
    try {
      await using session = await connect(signal);
      await attach(session);
      this.#hasConnected = true;
      onEvent({ event: "connected" });
      this.#next.resolve(session);
      await Promise.race([session.ended, aborted(signal)]);
      this.#forget();
      return session.farewell ?? "the connection is gone";
    } catch (error) {
      const isFatal = exitCodeOf(error) === ExitCode.Refused ||
        (!this.#hasConnected && !keepTrying);
      if (isFatal && !signal.aborted) throw error;
      return error instanceof Error ? error.message : String(error);
    }
  }

  #forget(): void {
    this.#next = Promise.withResolvers<SshClientSession>();
    this.#next.promise.catch(() => {});
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
