import { type AcmeProblem, AcmeProtocolError } from "./errors.ts";

/** What an ACME server offers, and where (RFC 8555 section 7.1.1). */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  /** Terms of service to be agreed to, for people to read. */
  readonly termsOfService?: string;
  /** Whether accounts have to be bound to one elsewhere. */
  readonly externalAccountRequired: boolean;
}

/** A certificate on its way (RFC 8555 section 7.1.3). */
export interface Order {
  readonly status: OrderStatus;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  /** Where it lies, once `status` is `valid`. */
  readonly certificate?: string;
  readonly error?: AcmeProblem;
}

/** Where an order stands (RFC 8555 section 7.1.6). */
export type OrderStatus = "pending" | "ready" | "processing" | "valid" | "invalid";

/** The proof for one name (RFC 8555 section 7.1.4). */
export interface Authorization {
  readonly name: string;
  readonly status: string;
  readonly challenges: readonly Challenge[];
}

/** One way to prove it (RFC 8555 section 8). */
export interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly status: string;
  readonly token: string;
  readonly error?: AcmeProblem;
}

/** Most authorizations of an order, and challenges of an authorization, that are looked at. */
export const MAX_ITEMS = 100;

const ORDER_STATUSES: readonly OrderStatus[] = [
  "pending",
  "ready",
  "processing",
  "valid",
  "invalid",
];
/** Tokens are base64url of 128 bits or more (RFC 8555 section 8.1); more than this is no token. */
const TOKEN = /^[\w-]{1,128}$/;
const MAX_TEXT = 1_000;
const MAX_URL = 2_000;

/**
 * Reads a directory.
 *
 * @throws {AcmeProtocolError} When it is none.
 */
export function parseDirectory(json: unknown): Directory {
  const directory = object(json, "directory");
  const meta = isObject(directory.meta) ? directory.meta : {};
  return {
    newNonce: url(directory.newNonce, "newNonce"),
    newAccount: url(directory.newAccount, "newAccount"),
    newOrder: url(directory.newOrder, "newOrder"),
    termsOfService: meta.termsOfService === undefined ? undefined : text(meta.termsOfService),
    externalAccountRequired: meta.externalAccountRequired === true,
  };
}

/**
 * Reads an order.
 *
 * @throws {AcmeProtocolError} When it is none.
 */
export function parseOrder(json: unknown): Order {
  const order = object(json, "order");
  const status = ORDER_STATUSES.find((each) => each === order.status);
  if (!status) throw new AcmeProtocolError(`Order has the status "${text(order.status)}"`);
  return {
    status,
    authorizations: list(order.authorizations, "authorizations").map((each) =>
      url(each, "authorizations")
    ),
    finalize: url(order.finalize, "finalize"),
    certificate: order.certificate === undefined
      ? undefined
      : url(order.certificate, "certificate"),
    error: order.error === undefined ? undefined : parseProblem(order.error),
  };
}

/**
 * Reads an authorization; challenges without a token, of kinds unknown here, are left out.
 *
 * @throws {AcmeProtocolError} When it is none.
 */
export function parseAuthorization(json: unknown): Authorization {
  const authorization = object(json, "authorization");
  const { value } = object(authorization.identifier, "identifier");
  return {
    name: text(value).toLowerCase(),
    status: text(authorization.status),
    challenges: list(authorization.challenges, "challenges").filter(hasToken).map(parseChallenge),
  };
}

/** Reads a problem; whatever is there, there is something to say. */
export function parseProblem(
  json: unknown,
  { status = 0, retryAfterMs }: Partial<Pick<AcmeProblem, "status" | "retryAfterMs">> = {},
): AcmeProblem {
  const problem = isObject(json) ? json : {};
  const first = Array.isArray(problem.subproblems) ? problem.subproblems[0] : undefined;
  const more = isObject(first) ? `; ${text(first.detail)}` : "";
  return {
    type: text(problem.type),
    detail: printable(text(problem.detail) + more),
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function parseChallenge(json: Readonly<Record<string, unknown>>): Challenge {
  return {
    type: text(json.type),
    url: url(json.url, "challenge"),
    status: text(json.status),
    token: text(json.token),
    error: json.error === undefined ? undefined : parseProblem(json.error),
  };
}

function hasToken(json: unknown): json is Readonly<Record<string, unknown>> {
  return isObject(json) && typeof json.token === "string" && TOKEN.test(json.token);
}

function object(json: unknown, what: string): Readonly<Record<string, unknown>> {
  if (isObject(json)) return json;
  throw new AcmeProtocolError(`Server sent no ${what}`);
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function list(json: unknown, what: string): readonly unknown[] {
  if (Array.isArray(json) && json.length <= MAX_ITEMS) return json;
  throw new AcmeProtocolError(`Server sent no list "${what}" of at most ${MAX_ITEMS}`);
}

/** Requests are signed for their URL, so a server may name another host, but nothing unencrypted. */
function url(json: unknown, what: string): string {
  const parsed = typeof json === "string" && json.length <= MAX_URL ? URL.parse(json) : null;
  if (parsed?.protocol === "https:") return parsed.href;
  throw new AcmeProtocolError(`Server sent no https URL as "${what}"`);
}

function text(json: unknown): string {
  return typeof json === "string" ? json.slice(0, MAX_TEXT) : "";
}

/** Details end up in logs and terminals. */
function printable(detail: string): string {
  return detail.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim();
}
