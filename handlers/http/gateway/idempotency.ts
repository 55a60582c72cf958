import type { WebLimits } from "../door/limits.ts";
import { HttpProblem, problemResponse } from "../door/problem.ts";
import type { Visit } from "../door/visit.ts";
import { invalidRequest } from "./request_body.ts";

/** The header of draft-ietf-httpapi-idempotency-key-header. */
const HEADER = "idempotency-key";

interface Entry {
  readonly owner: string;
  readonly fingerprint: string;
  readonly expiresAt: number;
  /** Undefined while the request is under way. */
  answer?: Answer | undefined;
}

/** An answer, or word that there was one which was not kept. */
type Answer = { readonly status: number; readonly type: string; readonly text: string } | "gone";

/**
 * Answers by the key their request came with, so that a client that lost an answer can ask again
 * without the thing being done again. Kept in memory, for one node.
 *
 * An answer that invites to try again is not kept: then the key is free. One that is too long, or in
 * the way of newer ones, is forgotten, but not that it was given.
 */
export class Idempotency {
  readonly #limits: WebLimits;
  readonly #now: () => number;
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #perOwner = new Map<string, number>();
  #chars = 0;

  /** Begins empty. */
  constructor(limits: WebLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Answers a request that has a key: with what was answered before, or by running it.
   *
   * @param body The request's body as it came.
   * @param run Does the work.
   * @throws {HttpProblem} 400 for a key that is none, 409 while the first is under way or its answer
   *   is gone, 422 for a key that stands for another request.
   */
  async answer(visit: Visit, body: string, run: () => Promise<Response>): Promise<Response> {
    const key = keyOf(visit);
    if (key === undefined) return await run();
    const { callerKey: owner } = visit;
    const fingerprint = await fingerprintOf(visit.url.pathname, body);
    this.#dropExpired();
    const name = `${owner}\n${key}`;
    const entry = this.#entries.get(name);
    if (entry) return replay(entry, fingerprint);
    this.#makeRoom(owner);
    const begun = { owner, fingerprint, expiresAt: this.#now() + this.#limits.idempotencyMs };
    this.#add(name, begun);
    try {
      const response = await run();
      await this.#keep(name, begun, response.clone());
      return response;
    } catch (error) {
      if (!(error instanceof HttpProblem)) {
        this.#forget(name);
        throw error;
      }
      if (error.retryable) this.#forget(name);
      else await this.#keep(name, begun, problemResponse(error));
      throw error;
    }
  }

  async #keep(name: string, entry: Entry, response: Response): Promise<void> {
    const text = await response.text();
    const { maxIdempotentAnswerChars, maxIdempotencyChars } = this.#limits;
    if (text.length > maxIdempotentAnswerChars) {
      entry.answer = "gone";
      return;
    }
    const type = response.headers.get("content-type") ?? "";
    entry.answer = { status: response.status, type, text };
    if (!this.#entries.has(name)) return; // pushed out while it was under way
    this.#chars += text.length;
    for (const each of this.#entries.values()) {
      if (this.#chars <= maxIdempotencyChars) return;
      if (each !== entry) this.#dropAnswer(each);
    }
  }

  #dropAnswer(entry: Entry): void {
    if (typeof entry.answer !== "object") return;
    this.#chars -= entry.answer.text.length;
    entry.answer = "gone";
  }

  #add(name: string, entry: Entry): void {
    this.#entries.set(name, entry);
    this.#perOwner.set(entry.owner, (this.#perOwner.get(entry.owner) ?? 0) + 1);
  }

  #forget(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#dropAnswer(entry);
    this.#entries.delete(name);
    const left = (this.#perOwner.get(entry.owner) ?? 0) - 1;
    if (left > 0) this.#perOwner.set(entry.owner, left);
    else this.#perOwner.delete(entry.owner);
  }

  /** All live equally long, so the oldest are the first to go. */
  #dropExpired(): void {
    const now = this.#now();
    for (const [name, { expiresAt }] of this.#entries) {
      if (expiresAt > now) return;
      this.#forget(name);
    }
  }

  #makeRoom(owner: string): void {
    const { maxIdempotencyKeys, maxIdempotencyKeysPerIdentity } = this.#limits;
    if ((this.#perOwner.get(owner) ?? 0) >= maxIdempotencyKeysPerIdentity) {
      this.#forgetOldest((entry) => entry.owner === owner);
    }
    if (this.#entries.size >= maxIdempotencyKeys) this.#forgetOldest(() => true);
  }

  #forgetOldest(matches: (entry: Entry) => boolean): void {
    for (const [name, entry] of this.#entries) {
      if (!matches(entry)) continue;
      return this.#forget(name);
    }
  }
}

/** A string of RFC 8941, or the same without its quotes. */
function keyOf({ request, identity }: Visit): string | undefined {
  const header = request.headers.get(HEADER);
  if (header === null) return undefined;
  if (!identity) throw invalidRequest("An idempotency key needs a caller with an identity");
  const key = /^"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"$/.exec(header)?.[1] ??
    /^([\w.:~-]{1,255})$/.exec(header)?.[1];
  if (key === undefined) throw invalidRequest("The idempotency key is not a string of 1 to 255");
  return key;
}

async function fingerprintOf(path: string, body: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${path}\n${body}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function replay({ fingerprint, answer }: Entry, wanted: string): Response {
  if (fingerprint !== wanted) {
    throw new HttpProblem(422, "IDEMPOTENCY_KEY_REUSED", "The key stands for another request");
  }
  if (answer === undefined) {
    throw new HttpProblem(409, "IDEMPOTENCY_IN_PROGRESS", "The first request is under way", {
      retryable: true,
      headers: { "retry-after": "1" },
    });
  }
  if (answer === "gone") {
    throw new HttpProblem(409, "IDEMPOTENCY_ANSWER_GONE", "It was done; the answer was not kept");
  }
  const { status, type, text } = answer;
  return new Response(text, {
    status,
    headers: { "content-type": type, "idempotency-replayed": "true" },
  });
}
