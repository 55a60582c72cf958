import type { Stream } from "@alknet/core";

import type { Upstream } from "./upstream.ts";

/** Thrown where a server has as many connections as it may. */
export class BusyError extends Error {
  /** The class's name. */
  override readonly name = "BusyError";
  /** Who has to act. */
  readonly blame = "remote";
}

/** A server that has no more than so many connections at once, idle and upgraded ones included. */
export class BoundedUpstream implements Upstream {
  readonly name: string;
  readonly host: string;
  /** The server itself. */
  readonly unbounded: Upstream;
  readonly #max: number;
  #open = 0;
  #refused = 0;

  /** Opens nothing yet. */
  constructor(upstream: Upstream, max: number) {
    this.name = upstream.name;
    this.host = upstream.host;
    this.unbounded = upstream;
    this.#max = max;
  }

  /** Connections that were not opened, so far. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Opens a stream, which counts until it is reset.
   *
   * @throws {BusyError} When there are too many.
   */
  async connect(signal: AbortSignal): Promise<Stream> {
    if (this.#open >= this.#max) {
      this.#refused++;
      throw new BusyError(`Too many connections to ${this.name}`);
    }
    this.#open++;
    try {
      return this.#counted(await this.unbounded.connect(signal));
    } catch (error) {
      this.#open--;
      throw error;
    }
  }

  #counted(stream: Stream): Stream {
    const reset = stream.reset.bind(stream);
    let open = true;
    stream.reset = () => {
      reset();
      if (open) this.#open--;
      open = false;
    };
    return stream;
  }
}
