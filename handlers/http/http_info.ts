import type { Address, AuthContext, Identity, IdentityProvider, TransportName } from "@alknet/core";
import type { H3Info } from "@alknet/h3";

import type { RefusalReason } from "./metrics/request_metrics.ts";

/** What an application learns of the connection a request came over, beside the request itself. */
export interface HttpInfo {
  /** The client's address as this node sees it. */
  readonly remoteAddr: Address;
  /** The ALPN the connection agreed on: `h3`, `h2` or `http/1.1`. */
  readonly alpn: string;
  /** What carries the connection. */
  readonly transport: TransportName;
  /** The name the client asked for (SNI), where there was one. */
  readonly serverName?: string;
  /** What TLS proved of the client: its certificate, where it showed one. */
  readonly auth: AuthContext;
  /** Resolves tokens and other credentials that requests carry. */
  readonly identities: IdentityProvider;
  /**
   * The port at which HTTP/3 is to be had under the certificate of this connection, as of now;
   * undefined where it is not.
   */
  readonly h3Port?: number | undefined;
  /** What only HTTP/3 has: early hints, trailers, priorities, WebTransport. */
  readonly h3?: H3Info;
}

/** Answers requests, in the shape of `Deno.serve` handlers and of Hono's `fetch`. */
export type FetchHandler = (request: Request, info: HttpInfo) => Response | Promise<Response>;

/** An application: a fetch handler, or what has one as its `fetch`, such as a Hono app. */
export type HttpApp = FetchHandler | HttpAppObject;

/** An application that is an object. */
export interface HttpAppObject {
  /** Answers requests. */
  readonly fetch: FetchHandler;
  /** Whether it answers everything itself, `/healthz` included. Default: false. */
  readonly answersAll?: boolean;
  /** Told of a request that was turned away before it got here, to count it. */
  refused?(reason: RefusalReason): void;
  /** Ends what it holds, at shutdown. */
  [Symbol.dispose]?(): void;
}

/**
 * The environment of Hono apps served here: `new Hono<HttpEnv>()` types `c.env` as
 * {@linkcode HttpInfo} and `c.get("identity")` as what {@linkcode bearer} found.
 */
export interface HttpEnv {
  /** What `c.env` holds. */
  Bindings: HttpInfo;
  /** What `c.get` reads. */
  Variables: {
    /** The caller, as {@linkcode bearer} found it. */
    identity?: Identity;
  };
}
