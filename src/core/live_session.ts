import type { CarriedConnection } from "./carriage.ts";
import { CloseCode } from "./close_code.ts";
import { endsWithin } from "./ends_within.ts";
import { ConnectionClosedError } from "./errors.ts";
import type { Handler, HandlerContext } from "./handler.ts";
import type { AuthContext, IdentityProvider } from "./identity.ts";
import type { Counters, Limits } from "./limits.ts";

/** The life of one connection as its endpoint sees it, whatever brought the connection. */
export interface LiveSession {
  readonly conn: CarriedConnection;
  readonly handler: Handler;
  readonly openedAt: Date;
  /** The proven key or certificate. */
  readonly fingerprint?: string | undefined;
  /** Resolves when the handler is done and the connection is over. */
  readonly done: Promise<void>;
  /** Ends it when its peer has lost the permission; called after each change of peers. */
  reauthorize(): void;
}

/** What sessions of one endpoint share. */
export interface LiveDeps {
  readonly limits: Limits;
  readonly counters: Counters;
  readonly identities: IdentityProvider;
  /** Aborts when the endpoint begins to shut down. */
  readonly shutdown: AbortSignal;
  /** Tells of something worth a log line. */
  report(event: string, session: LiveSession, error?: unknown): void;
}

/**
 * Has a handler serve a connection, then gives the peer a moment to close it: closing right after
 * writing loses what is in flight.
 */
export async function serveToEnd(
  session: LiveSession,
  serve: () => Promise<void>,
  { counters, limits, report }: LiveDeps,
): Promise<void> {
  counters.accepted++;
  report("connection.opened", session);
  await serve();
  await endsWithin(session.conn.closed, limits.lingerTimeoutMs);
  session.conn.close(CloseCode.Ok, "");
}

/** Ends a session whose handler failed, or whose peer left in the middle. */
export function endFailed(session: LiveSession, error: unknown, deps: LiveDeps): void {
  const peerLeft = error instanceof ConnectionClosedError && session.conn.signal.aborted;
  if (!peerLeft) deps.counters.handlerFailed++;
  deps.report(peerLeft ? "connection.lost" : "handler.failed", session, error);
  session.conn.close(CloseCode.HandlerFailed, "failed");
}

/** Ends a session whose peer has lost its permission. */
export function revoke(session: LiveSession, { counters, report }: LiveDeps): void {
  counters.revoked++;
  report("connection.revoked", session);
  session.conn.close(CloseCode.Revoked, "permission withdrawn");
}

/** What is known of one connection beside itself. */
export interface Surroundings {
  readonly auth: AuthContext;
  /** As {@linkcode HandlerContext.quicPort}. Default: there is none. */
  readonly quicPort?: () => number | undefined;
}

/** What a handler is told beside the connection; the signal is made only for those who want it. */
export function handlerContext(
  conn: CarriedConnection,
  { auth, quicPort }: Surroundings,
  { identities, shutdown }: LiveDeps,
): HandlerContext {
  return {
    auth,
    identities,
    get quicPort(): number | undefined {
      return quicPort?.();
    },
    get signal(): AbortSignal {
      return AbortSignal.any([conn.signal, shutdown]);
    },
  };
}
