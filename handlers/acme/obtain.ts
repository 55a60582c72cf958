import { backoffMs, type Leaf, leafFromPem, namesOfLeaf, pause } from "@alknet/core";

import type { AcmeClient, Polled } from "./acme_client.ts";
import { certificateRequest } from "./certificate_request.ts";
import type { ChallengeType, OpenChallenges } from "./challenges.ts";
import { AcmeError, type AcmeProblem, AcmeProtocolError } from "./errors.ts";
import type { Authorization, Challenge, Order } from "./messages.ts";

/** What {@linkcode obtain} needs. */
export interface ObtainOptions {
  readonly client: AcmeClient;
  readonly names: readonly string[];
  /** Kinds of challenges to answer, the first that is offered first. */
  readonly types: readonly ChallengeType[];
  readonly challenges: OpenChallenges;
  readonly signal: AbortSignal;
}

/** Bounds of the time between two looks at an order or authorization. */
const POLL = { firstMs: 500, maxMs: 15_000 };
/** Longest chain that is taken. */
const MAX_CHAIN = 10;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * Obtains one certificate for the names, from the order to the download (RFC 8555 section 7.4):
 *
 * ```text
 * newOrder → pending ─ each authorization: open challenge, ready, poll ─→ ready
 *                                    ready ─ finalize (CSR) → processing → valid ─ download
 * ```
 *
 * @throws {AcmeError} When the server refuses, or a proof has failed.
 * @throws {AcmeProtocolError} When it cannot be reached or what it sends is of no use.
 */
export async function obtain(options: ObtainOptions): Promise<Leaf> {
  const { client, names } = options;
  const { url, order } = await client.newOrder(names);
  for (const authorization of order.authorizations) await authorize(authorization, options);
  const look = (): Promise<Polled<Order>> => client.order(url);
  const ready = await poll(look, ({ status }) => status !== "pending", options);
  const request = await certificateRequest(names);
  if (ready.status === "ready") await client.finalize(ready, request.der);
  const { status, certificate, error } = await poll(look, isOver, options);
  if (status !== "valid" || !certificate) {
    const problem = error ?? nothing(`the order is ${status}`);
    throw new AcmeError({ action: "finish the order", problem });
  }
  return await leafOf(await client.certificate(certificate), request.key, names);
}

/** Proves one name, where the server does not take it as proven already. */
async function authorize(url: string, options: ObtainOptions): Promise<void> {
  const { client, names, types, challenges } = options;
  const { value } = await client.authorization(url);
  if (value.status === "valid") return;
  if (!names.includes(value.name)) {
    throw new AcmeProtocolError(`Server wants a proof for "${value.name}", which was not ordered`);
  }
  const { type, challenge } = choose(value, types);
  const { token } = challenge;
  const keyAuthorization = `${token}.${client.thumbprint}`;
  using _open = await challenges.open({ type, name: value.name, token, keyAuthorization });
  await client.ready(challenge);
  const look = (): Promise<Polled<Authorization>> => client.authorization(url);
  const over = await poll(look, ({ status }) => status !== "pending", options);
  if (over.status === "valid") return;
  const failed = over.challenges.find((each) => each.error)?.error;
  const problem = failed ?? nothing(`the authorization is ${over.status}`);
  throw new AcmeError({ action: `prove "${value.name}" by ${type}`, problem });
}

function choose(
  { name, challenges }: Authorization,
  types: readonly ChallengeType[],
): { type: ChallengeType; challenge: Challenge } {
  for (const type of types) {
    const challenge = challenges.find((each) => each.type === type);
    if (challenge) return { type, challenge };
  }
  const offered = challenges.map(({ type }) => type).join(", ");
  throw new AcmeProtocolError(`Cannot prove "${name}": the server offers ${offered || "nothing"}`);
}

/** Looks until it is done, as often as the server wants, at most every half second. */
async function poll<T>(
  look: () => Promise<Polled<T>>,
  done: (value: T) => boolean,
  { signal }: ObtainOptions,
): Promise<T> {
  for (let looks = 1;; looks++) {
    const { value, retryAfterMs = 0 } = await look();
    if (done(value)) return value;
    await pause(Math.max(backoffMs(looks, POLL), Math.min(retryAfterMs, POLL.maxMs)), signal);
    signal.throwIfAborted();
  }
}

function isOver({ status }: Order): boolean {
  return status === "valid" || status === "invalid";
}

function nothing(detail: string): AcmeProblem {
  return { type: "", detail, status: 0 };
}

/** Takes up what was downloaded, if it is what was asked for. */
async function leafOf(download: string, key: string, names: readonly string[]): Promise<Leaf> {
  const chain = download.match(CERTIFICATE) ?? [];
  if (chain.length === 0 || chain.length > MAX_CHAIN) {
    throw new AcmeProtocolError(`Server sent a chain of ${chain.length} certificates`);
  }
  try {
    const leaf = await leafFromPem({ cert: `${chain.join("\n")}\n`, key });
    const missing = names.find((name) => !namesOfLeaf(leaf).includes(name));
    if (missing === undefined && leaf.notAfter.getTime() > Date.now()) return leaf;
    const problem = missing ? `without "${missing}"` : "that has expired";
    throw new AcmeProtocolError(`Server sent a certificate ${problem}`);
  } catch (error) {
    if (error instanceof AcmeProtocolError) throw error;
    throw new AcmeProtocolError("Server sent a certificate that cannot be used", { cause: error });
  }
}
