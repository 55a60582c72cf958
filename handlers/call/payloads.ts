import type { Identity } from "@alknet/core";
import { type ForwardedFor, MAX_CLAIMS } from "@alknet/operations";

import { CallCode, CallError } from "./call_error.ts";
import type { EventEnvelope } from "./envelope.ts";

/** Event types; all others are ignored. */
export const EventType = {
  Requested: "call.requested",
  Responded: "call.responded",
  Completed: "call.completed",
  Aborted: "call.aborted",
  Error: "call.error",
  /** Ours: how much more of a subscription may be sent. */
  Credit: "call.credit",
} as const;

/** How much of a subscription may be sent before its caller says more. */
export interface CreditGrant {
  /** Items. */
  readonly items: number;
  /** Bytes of envelopes; the last one may exceed them. */
  readonly bytes: number;
}

/** The payload of `call.requested`. */
export interface Requested {
  /** The operation's name, without the slash; empty when there was none. */
  readonly name: string;
  /** Any JSON; null when there was none. */
  readonly input: unknown;
  /** A token that speaks for this request alone. */
  readonly authToken?: string;
  /** For whom the caller says it calls, and for whom that one did. */
  readonly forwardedFor?: ForwardedFor;
  /** Ids of the nodes that it has passed; the last {@linkcode MAX_VIA} of more. */
  readonly via?: readonly string[];
  /** Whether one value or a stream is expected; peers without our extensions do not say. */
  readonly mode?: "call" | "subscribe";
  /** Time the request may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** Present when the caller takes part in flow control. */
  readonly credit?: CreditGrant;
  /** In place of a name and an input: several calls, not yet read. */
  readonly batch?: unknown;
}

/** Nodes in `via` that are read: more than any limit of hops. */
export const MAX_VIA = 64;

const MAX_NODE_ID_CHARS = 128;
const MAX_CLAIM_CHARS = 256;
const MAX_CLAIM_TEXTS = 256;

/** Composes `call.requested`. */
export function requested(id: string, request: Requested): EventEnvelope {
  const { name, input, authToken, forwardedFor, via, mode, timeoutMs, credit, batch } = request;
  const payload = {
    operationId: batch === undefined ? `/${name}` : undefined,
    input: input === undefined && batch === undefined ? null : input,
    batch,
    "auth_token": authToken,
    "forwarded_for": forwardedFor && claimPayload(forwardedFor),
    via,
    mode,
    "timeout_ms": timeoutMs,
    credit,
  };
  return { type: EventType.Requested, id, payload };
}

/** Reads the payload of `call.requested`; what is malformed counts as absent. */
export function parseRequested(payload: unknown): Requested {
  const all = members(payload);
  const { operationId, input, mode, credit, batch } = all;
  const token = all["auth_token"];
  const timeoutMs = all["timeout_ms"];
  return {
    name: bareName(operationId),
    input: input === undefined ? null : input,
    authToken: token === undefined || token === null ? undefined : String(token),
    forwardedFor: parseClaim(all["forwarded_for"]),
    via: parseVia(all.via),
    mode: mode === "call" || mode === "subscribe" ? mode : undefined,
    timeoutMs: isPositive(timeoutMs) ? timeoutMs : undefined,
    credit: credit === undefined ? undefined : parseCredit(credit),
    batch: batch === null ? undefined : batch,
  };
}

/** The name in an `operationId`, without its slash; empty when it is no text. */
export function bareName(operationId: unknown): string {
  return typeof operationId === "string" ? operationId.replace(/^\//, "") : "";
}

/** Composes `call.responded`. */
export function responded(id: string, output: unknown): EventEnvelope {
  const payload = { output: output === undefined ? null : output };
  return { type: EventType.Responded, id, payload };
}

/** Reads the payload of `call.responded`. */
export function parseResponded(payload: unknown): unknown {
  const { output } = members(payload);
  return output === undefined ? null : output;
}

/** Composes `call.completed`, the end of a subscription. */
export function completed(id: string): EventEnvelope {
  return { type: EventType.Completed, id, payload: {} };
}

/** Composes `call.aborted`. */
export function abortedEvent(id: string): EventEnvelope {
  return { type: EventType.Aborted, id, payload: {} };
}

/** Composes `call.credit`. */
export function creditEvent(id: string, { items, bytes }: CreditGrant): EventEnvelope {
  return { type: EventType.Credit, id, payload: { items, bytes } };
}

/** Reads a grant; a malformed one grants nothing. */
export function parseCredit(payload: unknown): CreditGrant {
  const { items, bytes } = members(payload);
  return { items: isPositive(items) ? items : 0, bytes: isPositive(bytes) ? bytes : 0 };
}

/** Composes `call.error`; the id is empty when the stream itself failed. */
export function errorEvent(id: string, failure: CallError): EventEnvelope {
  return { type: EventType.Error, id, payload: errorPayload(failure) };
}

/** What the peer is told of an error. */
export function errorPayload({ code, message, retryable, details }: CallError): unknown {
  return { code, message, retryable, details };
}

/** Reads the payload of `call.error`; a malformed one is an `INTERNAL` error. */
export function parseError(payload: unknown): CallError {
  const { code, message, retryable, details } = members(payload);
  if (typeof code !== "string" || typeof message !== "string") {
    return new CallError(CallCode.Internal, "Peer sent an error without code or message");
  }
  return new CallError(code, message, {
    retryable: retryable === true,
    blame: "remote",
    details,
  });
}

/** A claim as it stands on the wire. */
function claimPayload({ id, scopes, resources, forwardedFor }: ForwardedFor): unknown {
  const inner = forwardedFor && claimPayload(forwardedFor);
  return { id, scopes, resources, "forwarded_for": inner };
}

/** Whom a request is forwarded for, undefined where that is malformed, cut off where it is deep. */
function parseClaim(value: unknown, left: number = MAX_CLAIMS): ForwardedFor | undefined {
  const all = members(value);
  const identity = left > 0 ? parseIdentity(all) : undefined;
  const inner = identity && parseClaim(all["forwarded_for"], left - 1);
  return identity && inner ? { ...identity, forwardedFor: inner } : identity;
}

function parseIdentity({ id, scopes, resources }: Record<string, unknown>): Identity | undefined {
  if (typeof id !== "string" || id.length > MAX_CLAIM_CHARS || !isTexts(scopes)) return undefined;
  if (typeof resources !== "object" || resources === null) return undefined;
  const lists = Object.entries(resources);
  if (lists.length > MAX_CLAIM_TEXTS) return undefined;
  if (!lists.every(([, names]) => isTexts(names))) return undefined;
  return { id, scopes, resources: Object.fromEntries(lists) };
}

function parseVia(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const last = value.slice(-MAX_VIA);
  const good = last.every((each): each is string =>
    typeof each === "string" && each.length <= MAX_NODE_ID_CHARS
  );
  return good ? last : undefined;
}

/** The members of an object, none for anything else. */
export function members(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_CLAIM_TEXTS &&
    value.every((each) => typeof each === "string" && each.length <= MAX_CLAIM_CHARS);
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}
