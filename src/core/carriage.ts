import type { Connection } from "./connection.ts";
import type { Handler, HandlerContext } from "./handler.ts";
import type { Identity } from "./identity.ts";
import type { Traffic } from "./transport/transport.ts";

/**
 * Takes in connections that other connections carry, such as WebTransport sessions and WebSockets; an
 * {@linkcode Endpoint} is one. They live as its own do: listed, counted, limited, ended with the
 * peer's permission and at shutdown.
 */
export interface Carriage {
  /** The handler of an ALPN, where there is one now. */
  handlerFor(alpn: string): Handler | undefined;
  /**
   * Finds a place for a connection and serves it to its end.
   *
   * @param arrival What asks to be let in.
   * @param accept Makes the connection; called once, and only when there is a place.
   * @returns What `accept` made, or undefined when a limit is reached or the node shuts down.
   */
  take<T extends Arrived>(arrival: Arrival, accept: () => T): T | undefined;
}

/** A connection that asks to be carried. */
export interface Arrival extends Pick<Connection, "alpn" | "transport" | "remoteAddr"> {
  /** The handler that will serve it. */
  readonly handler: Handler;
  /** Who the peer is, asked anew each time; undefined for a stranger. */
  identity(): Identity | undefined;
}

/** A connection that was let in. */
export interface Arrived {
  /** The connection. */
  readonly conn: CarriedConnection;
  /** Resolves once the peer has been told that it is in. Default: it has been. */
  readonly ready?: Promise<unknown>;
  /** Has its handler serve it to its end. */
  serve(ctx: HandlerContext): Promise<void>;
}

/** As much of a carried connection as an endpoint has to do with. */
export interface CarriedConnection extends
  Pick<
    Connection,
    "alpn" | "transport" | "remoteAddr" | "identity" | "close" | "closed" | "signal"
  > {
  /** What it has carried so far; the connection below counts the same bytes. */
  readonly traffic: Readonly<Traffic>;
  /** Ends its incoming streams, so that its handler comes to its end; open streams go on. */
  stopAccepting(): void;
}
