import type { Arrival, Arrived, CarriedConnection } from "./carriage.ts";
import type { Handler } from "./handler.ts";
import type { AuthContext, Identity } from "./identity.ts";
import {
  endFailed,
  handlerContext,
  type LiveDeps,
  type LiveSession,
  revoke,
  serveToEnd,
} from "./live_session.ts";

/** The life of one carried connection, whose carrier has found out who the peer is. */
export class CarriedSession implements LiveSession {
  readonly conn: CarriedConnection;
  readonly handler: Handler;
  readonly openedAt: Date = new Date();
  readonly done: Promise<void>;
  readonly #arrived: Arrived;
  readonly #deps: LiveDeps;
  readonly #known: Identity | undefined;

  constructor({ handler, identity }: Arrival, arrived: Arrived, deps: LiveDeps) {
    this.conn = arrived.conn;
    this.handler = handler;
    this.#arrived = arrived;
    this.#deps = deps;
    this.#known = identity();
    this.done = this.#run();
  }

  reauthorize(): void {
    if (!this.#known || this.conn.signal.aborted) return;
    if (this.conn.identity?.id !== this.#known.id) revoke(this, this.#deps);
  }

  async #run(): Promise<void> {
    const { conn } = this;
    try {
      await this.#arrived.ready;
      const ctx = handlerContext(conn, { auth: authOf(conn) }, this.#deps);
      await serveToEnd(this, () => this.#arrived.serve(ctx), this.#deps);
    } catch (error) {
      endFailed(this, error, this.#deps);
    }
    await conn.closed;
  }
}

function authOf(conn: CarriedConnection): AuthContext {
  return {
    get identity(): Identity | undefined {
      return conn.identity;
    },
    alpn: conn.alpn,
    remoteAddr: conn.remoteAddr,
  };
}
