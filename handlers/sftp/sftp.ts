import {
  type AuthContext,
  forEachStream,
  type Handler,
  type IdentityProvider,
  type StreamContext,
  type StreamService,
} from "@alknet/core";

import type { Awaitable, FileBackend } from "./backend.ts";
import type { SftpLimits } from "./server/limits.ts";
import type { RequestPolicy } from "./server/request_policy.ts";
import { serveSession } from "./server/session.ts";
import { SessionCounts } from "./server/session_counts.ts";

/** ALPN identifier of SFTP without SSH around it (docs/protocol/sftp.md). */
export const ALPN = "alknet/sftp";

/** What {@linkcode sftp} and {@linkcode sftpService} need to know. */
export interface SftpOptions {
  /**
   * The files of one session; undefined to refuse it. It is asked anew for every session, so that
   * every peer may have files of its own.
   */
  readonly files: (context: StreamContext) => Awaitable<FileBackend | undefined>;
  /** Bounds of each session. Default: `DEFAULT_SFTP_LIMITS`. */
  readonly limits?: Partial<SftpLimits>;
  /** Requests that are carried out; the others are refused. Default: all. */
  readonly requests?: RequestPolicy;
  /** Sessions of one identity at a time. Default: 32. */
  readonly maxSessionsPerIdentity?: number;
}

/** Sessions of one identity at a time where nothing else is said. */
export const MAX_SESSIONS_PER_IDENTITY = 32;

/**
 * Makes a service that speaks SFTP version 3 on any stream: what SSH runs as its subsystem `sftp`.
 * Of peers it takes only those with an identity.
 *
 * @param options Whose files are where, and bounds.
 * @returns The service. It resolves after a refusal too, which a client sees as an early end.
 */
export function sftpService(options: SftpOptions): StreamService {
  const { files, limits, requests, maxSessionsPerIdentity = MAX_SESSIONS_PER_IDENTITY } = options;
  const counts = new SessionCounts(maxSessionsPerIdentity);
  return async (stream, context) => {
    using place = counts.enter(context.identity);
    const backend = place && await files(context);
    if (!backend) return await stream.closeWrite();
    await serveSession(stream, backend, { limits, requests, signal: context.signal });
  };
}

/**
 * Makes the handler of the ALPN `alknet/sftp`: each stream is a session. Peers prove a key, so that
 * every session has an identity.
 *
 * @param options Whose files are where, and bounds.
 * @returns A handler to register on an endpoint.
 *
 * @example
 * ```ts
 * import { memoryFiles, sftp } from "@alknet/sftp";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(sftp({ files: () => memoryFiles() }).peerAuth, "required");
 * ```
 */
export function sftp(options: SftpOptions): Handler {
  const service = sftpService(options);
  return {
    name: "sftp",
    alpn: [ALPN],
    peerAuth: "required",
    accept: (conn, { auth, identities, signal }) =>
      forEachStream(conn, async (stream) => {
        const { identity, remoteAddr } = auth;
        using lost = whenScopesAreLost(auth, identities);
        const ended = AbortSignal.any([signal, lost.signal]);
        await service(stream, { identity, remoteAddr, signal: ended });
      }),
  };
}

/** A session has what it may do from its beginning, so it ends when some of that is taken away. */
function whenScopesAreLost(
  auth: AuthContext,
  identities: IdentityProvider,
): { readonly signal: AbortSignal } & Disposable {
  const before = auth.identity?.scopes ?? [];
  const lost = new AbortController();
  const stop = identities.onChange(() => {
    const now = auth.identity?.scopes ?? []; // a browser is known by its token, not by a key
    if (!before.every((scope) => now.includes(scope))) lost.abort();
  });
  return { signal: lost.signal, [Symbol.dispose]: stop };
}
