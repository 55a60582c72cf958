import { dial, PathMemory } from "@alknet/client";
import type { Connection, StoredPeer, Stream } from "@alknet/core";

/** Opens a stream to a peer, by its name. */
export type DialPeer = (peer: string, signal: AbortSignal) => Promise<Stream>;

/** Thrown for a peer that cannot be dialled by its name. */
export class UnknownPeerError extends Error {
  /** The class's name. */
  override readonly name = "UnknownPeerError";
  /** Who has to act. */
  readonly blame = "user";
}

/** What {@linkcode PeerStreams} needs. */
export interface PeerStreamsOptions {
  /** The protocol, which begins with no proof of a key. */
  readonly alpn: string;
  /** Looks a peer up by its name. */
  readonly peer: (name: string) => Promise<StoredPeer | undefined>;
}

/** Streams to peers for one protocol: a connection each, kept while it lasts. */
export class PeerStreams implements Disposable {
  readonly #options: PeerStreamsOptions;
  readonly #paths = new PathMemory();
  readonly #connections = new Map<string, Promise<Connection>>();

  /** Dials nobody yet. */
  constructor(options: PeerStreamsOptions) {
    this.#options = options;
  }

  /**
   * Opens a stream.
   *
   * @throws {UnknownPeerError} For a name without a node id.
   * @throws {DialError} When no way leads there.
   */
  readonly open: DialPeer = async (peer, signal) => {
    const known = this.#connections.get(peer);
    try {
      return await (await (known ?? this.#dial(peer, signal))).openStream();
    } catch (error) {
      if (!known || signal.aborted) throw error;
      // On TLS there is one stream a connection, any connection may be over by now, and whoever
      // dialled it may have given up.
      return await (await this.#dial(peer, signal)).openStream();
    }
  };

  /** Closes every connection. */
  [Symbol.dispose](): void {
    for (const conn of this.#connections.values()) conn.then((each) => each.close(), () => {});
    this.#connections.clear();
  }

  async #dial(name: string, signal: AbortSignal): Promise<Connection> {
    const dialling = this.#dialled(name, signal);
    this.#connections.set(name, dialling);
    const forget = (): void => {
      if (this.#connections.get(name) === dialling) this.#connections.delete(name);
    };
    try {
      const conn = await dialling;
      conn.closed.then(forget);
      return conn;
    } catch (error) {
      forget();
      throw error;
    }
  }

  async #dialled(name: string, signal: AbortSignal): Promise<Connection> {
    const peer = await this.#options.peer(name);
    if (!peer?.nodeId) throw new UnknownPeerError(`No peer "${name}" with a node id is known here`);
    const { nodeId, addresses = [] } = peer;
    return await dial(name, {
      alpn: this.#options.alpn,
      signal,
      knownPeer: (asked) => asked === name ? { nodeId, addresses } : undefined,
      paths: this.#paths,
    });
  }
}
