import type { Address } from "@alknet/core";
import type { UdpWay } from "@alknet/ssh";

/** Ways for datagrams of one listener at once; the oldest makes room. */
export const MAX_WAYS = 64;
/** Datagrams that wait for their way to open, or to take them; more are lost, as datagrams are. */
export const MAX_WAITING = 16;

/** Takes what comes back. */
export type Reply = (payload: Uint8Array) => void;

interface OpenWay {
  readonly waiting: Uint8Array[];
  way?: UdpWay;
  isClosed: boolean;
  isSending: boolean;
}

/** Ways that are opened when something is to be sent, and end when nothing has passed for long. */
export class UdpWays {
  readonly #openWay: (to: Address) => Promise<UdpWay>;
  readonly #onFailure: (error: unknown) => void;
  readonly #open = new Map<string, OpenWay>();

  /** Opens ways with `openWay`; `onFailure` is told of those that do not open. */
  constructor(
    openWay: (to: Address) => Promise<UdpWay>,
    onFailure: (error: unknown) => void = () => {},
  ) {
    this.#openWay = openWay;
    this.#onFailure = onFailure;
  }

  /** Sends a datagram on the way of that name; what comes back goes to `reply`. */
  send(name: string, to: Address, payload: Uint8Array, reply: Reply): void {
    const open = this.#open.get(name) ?? this.#begin(name, to, reply);
    if (open.waiting.length < MAX_WAITING) open.waiting.push(payload);
    if (open.way) this.#flush(open, open.way);
  }

  /** Closes all. */
  close(): void {
    for (const name of [...this.#open.keys()]) this.#end(name);
  }

  #begin(name: string, to: Address, reply: Reply): OpenWay {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_WAYS && oldest !== undefined) this.#end(oldest);
    const open: OpenWay = { waiting: [], isClosed: false, isSending: false };
    this.#open.set(name, open);
    this.#run(open, to, reply).catch(this.#onFailure).finally(() => {
      if (this.#open.get(name) === open) this.#end(name);
    });
    return open;
  }

  async #run(open: OpenWay, to: Address, reply: Reply): Promise<void> {
    const way = await this.#openWay(to);
    if (open.isClosed) return way.close();
    open.way = way;
    this.#flush(open, way);
    for await (const payload of way.incoming) reply(payload);
  }

  /** One at a time: what comes while the connection is slow waits as well, or is lost. */
  async #flush(open: OpenWay, way: UdpWay): Promise<void> {
    if (open.isSending) return;
    open.isSending = true;
    try {
      for (let next = open.waiting.shift(); next; next = open.waiting.shift()) await way.send(next);
    } catch {
      way.close(); // the connection is gone; the next datagram opens another way
    }
    open.isSending = false;
  }

  #end(name: string): void {
    const open = this.#open.get(name);
    this.#open.delete(name);
    if (!open) return;
    open.isClosed = true;
    open.way?.close();
  }
}
