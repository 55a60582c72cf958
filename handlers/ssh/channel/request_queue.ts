import { SshProtocolError } from "../errors.ts";
import type { ChannelRequest, RequestVerdict } from "./channel_host.ts";

/** What a queue's requests are for. */
export interface RequestQueueHooks {
  /** Decides about a request. */
  decide(request: ChannelRequest): RequestVerdict | Promise<RequestVerdict>;
  /** Tells the other side; called in the order of the requests. */
  answer(request: ChannelRequest, verdict: RequestVerdict): void;
  /** A request was malformed. */
  malformed(): void;
}

/** Requests of the other side: they are decided and answered one after another. */
export class RequestQueue {
  readonly #hooks: RequestQueueHooks;
  #last: Promise<void> = Promise.resolve();
  #pending = 0;

  /** Asks the hooks about whatever comes. */
  constructor(hooks: RequestQueueHooks) {
    this.#hooks = hooks;
  }

  /**
   * Takes a request.
   *
   * @throws {SshProtocolError} When too many wait for an answer.
   */
  receive(request: ChannelRequest, maxPending: number): void {
    // What is decided at once never waits: OpenSSH sends a request for each variable in a row.
    const early = this.#pending === 0 ? this.#decide(request) : undefined;
    if (early !== undefined && !(early instanceof Promise)) {
      return this.#hooks.answer(request, early);
    }
    if (++this.#pending > maxPending) throw new SshProtocolError("Too many requests at once");
    this.#last = this.#last.then(async () => {
      const verdict = await (early ?? this.#decide(request));
      this.#pending--;
      this.#hooks.answer(request, verdict);
    });
  }

  #decide(request: ChannelRequest): RequestVerdict | Promise<RequestVerdict> {
    try {
      const verdict = this.#hooks.decide(request);
      return verdict instanceof Promise ? verdict.catch((error) => this.#refuse(error)) : verdict;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): false {
    if (error instanceof SshProtocolError) this.#hooks.malformed();
    return false;
  }
}
