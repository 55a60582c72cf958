import type { Identity } from "@alknet/core";

import type { HttpInfo } from "../http_info.ts";

/** A request that was let in. */
export interface Visit {
  /** The request. */
  readonly request: Request;
  /** Its URL. */
  readonly url: URL;
  /** What the connection told. */
  readonly info: HttpInfo;
  /** Who asks; undefined for a stranger. */
  readonly identity: Identity | undefined;
  /** Whom limits count: the identity, or the network of a stranger. */
  readonly callerKey: string;
  /** Names the request in logs and answers. */
  readonly requestId: string;
  /** Who asks as of now: permissions may have been withdrawn meanwhile. */
  identityNow(): Identity | undefined;
  /** Keeps the caller's place beyond the answer's head, until it is disposed of. */
  hold(): Disposable;
}

/** Answers a request that was let in. */
export type Answer = (visit: Visit) => Response | Promise<Response>;
