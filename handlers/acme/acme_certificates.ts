import {
  type Leaf,
  type NamedCertificates,
  namesOfLeaf,
  pause,
  type RawTlsService,
} from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import { AcmeClient } from "./acme_client.ts";
import { type AcmeOptions, type CheckedOptions, checkOptions } from "./acme_options.ts";
import { type ChallengeType, OpenChallenges } from "./challenges.ts";
import { obtain } from "./obtain.ts";
import { SavedState } from "./saved_state.ts";
import { renewalTime, retryDelayMs } from "./schedule.ts";

/** How it stands with the certificate, for people. */
export interface AcmeStatus {
  /** Names that are ordered. */
  readonly names: readonly string[];
  /** URL of the ACME server's directory. */
  readonly directory: string;
  /** Whether an order is under way, or when there will be one. */
  readonly state: "stopped" | "ordering" | "waiting";
  /** End of the present certificate; undefined while the node serves its own. */
  readonly certificateEnds?: string;
  /** When the next order is due. */
  readonly nextOrder?: string;
  /** Orders that have failed since the last that did not. */
  readonly failures: number;
  /** Why the last one did. */
  readonly problem?: string;
}

const log = getLogger(["alknet", "acme"]);
/** Clocks are set and machines sleep, so that a long wait is many short ones. */
const LONGEST_SLEEP_MS = 3_600_000;

/**
 * A certificate from an ACME server (RFC 8555), renewed at two thirds of its life while connections
 * live on. Until the first is there, and after one has expired, `leaf` is undefined and the
 * listener's own certificate serves.
 *
 * @example
 * ```ts
 * import { AcmeCertificates } from "@alknet/acme";
 * import { strictEqual } from "node:assert/strict";
 *
 * const files = new Map<string, string>();
 * await using acme = await AcmeCertificates.open({
 *   names: ["node.example"],
 *   termsAgreed: true,
 *   storage: {
 *     read: (file) => Promise.resolve(files.get(file)),
 *     write: (file, text) => Promise.resolve(void files.set(file, text)),
 *   },
 * });
 * // serve({ handlers, listen: [{ named: acme }] }), then acme.start()
 * strictEqual(acme.leaf, undefined);
 * ```
 */
export class AcmeCertificates implements NamedCertificates, AsyncDisposable {
  readonly #options: CheckedOptions;
  readonly #saved: SavedState;
  readonly #challenges: OpenChallenges;
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #leaf?: Leaf;
  #names: readonly string[] = [];
  #state: AcmeStatus["state"] = "stopped";
  #nextOrder?: Date;
  #failures = 0;
  #problem?: string;
  #running?: Promise<void>;

  private constructor(options: CheckedOptions, saved: SavedState) {
    this.#options = options;
    this.#saved = saved;
    this.#challenges = new OpenChallenges(options.httpAddress);
  }

  /**
   * Takes up what was kept of an earlier run; nothing is asked of the server yet.
   *
   * @throws {AcmeOptionsError} For options that could not lead to a certificate.
   */
  static async open(options: AcmeOptions): Promise<AcmeCertificates> {
    const checked = checkOptions(options);
    const saved = await SavedState.of(checked.storage, checked.directoryUrl);
    const acme = new AcmeCertificates(checked, saved);
    acme.#take(await saved.certificate());
    return acme;
  }

  /** See {@linkcode NamedCertificates.leaf}. */
  get leaf(): Leaf | undefined {
    const leaf = this.#leaf;
    return leaf && leaf.notAfter.getTime() > Date.now() ? leaf : undefined;
  }

  /** See {@linkcode NamedCertificates.names}. */
  get names(): readonly string[] {
    return this.leaf ? this.#names : [];
  }

  /** How it stands. */
  get status(): AcmeStatus {
    const { names, directoryUrl } = this.#options;
    return {
      names,
      directory: directoryUrl,
      state: this.#state,
      certificateEnds: this.leaf?.notAfter.toISOString(),
      nextOrder: this.#nextOrder?.toISOString(),
      failures: this.#failures,
      problem: this.#problem,
    };
  }

  /** See {@linkcode NamedCertificates.leafFor}. */
  leafFor(serverName: string): Leaf | undefined {
    return this.names.includes(serverName) ? this.leaf : undefined;
  }

  /** See {@linkcode NamedCertificates.raw}: answers tls-alpn-01 challenges. */
  get raw(): RawTlsService {
    return this.#challenges;
  }

  /** See {@linkcode NamedCertificates.onChange}. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Begins to order and renew, once the node can be reached. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Tries again now, where the last attempt has failed. */
  retry(): void {
    if (this.#failures > 0) this.#wake.abort();
  }

  /** Ends what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    this.#nextOrder = this.#due();
    while (!signal.aborted) {
      await this.#sleepUntil(this.#nextOrder);
      if (!signal.aborted) await this.#attempt();
    }
    this.#state = "stopped";
  }

  /** One order; whatever comes of it, there is a time for the next. */
  async #attempt(): Promise<void> {
    this.#state = "ordering";
    const about = { names: this.#options.names.join(" ") };
    try {
      const leaf = await this.#order();
      await this.#saved.keep(leaf);
      this.#take(leaf);
      [this.#failures, this.#problem] = [0, undefined];
      log.info("acme.issued", { ...about, until: leaf.notAfter.toISOString() });
      this.#nextOrder = this.#due();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#failures++;
      this.#problem = error instanceof Error ? error.message : String(error);
      const delayMs = retryDelayMs(this.#failures, error, this.#options.schedule);
      this.#nextOrder = new Date(Date.now() + delayMs);
      log.warn("acme.failed", { ...about, again: this.#nextOrder.toISOString(), error });
    }
  }

  async #order(): Promise<Leaf> {
    const { names, orderTimeoutMs } = this.#options;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(orderTimeoutMs)]);
    const accountKey = await this.#saved.accountKey();
    using client = new AcmeClient({ ...this.#options, accountKey, signal });
    const types = turned(this.#options.types, this.#failures);
    return await obtain({ client, names, types, challenges: this.#challenges, signal });
  }

  /** When the present certificate is to be renewed: at once where it lacks a name, or is none. */
  #due(): Date {
    const leaf = this.leaf;
    const complete = this.#options.names.every((name) => this.names.includes(name));
    return leaf && complete ? renewalTime(leaf, this.#options.schedule) : new Date();
  }

  #take(leaf: Leaf | undefined): void {
    this.#leaf = leaf;
    this.#names = leaf ? namesOfLeaf(leaf) : [];
    for (const listener of this.#listeners) listener();
  }

  async #sleepUntil(time: Date): Promise<void> {
    this.#state = "waiting";
    this.#wake = new AbortController();
    const { signal } = this.#wake;
    while (!signal.aborted && !this.#stop.signal.aborted && time.getTime() > Date.now()) {
      const ends = this.#leaf ? this.#leaf.notAfter.getTime() : Infinity;
      const leftMs = Math.min(time.getTime(), ends) - Date.now();
      await pause(Math.min(Math.max(0, leftMs), LONGEST_SLEEP_MS), signal);
      if (this.#leaf && !this.leaf) this.#expired();
    }
  }

  /** QUIC, which asks nobody, has to be told that there is no certificate any more. */
  #expired(): void {
    log.warn("acme.expired", { names: this.#names.join(" ") });
    this.#take(undefined);
  }
}

/** The kinds of challenges, another one first after each failure. */
function turned(types: readonly ChallengeType[], failures: number): ChallengeType[] {
  const at = failures % types.length;
  return [...types.slice(at), ...types.slice(0, at)];
}
