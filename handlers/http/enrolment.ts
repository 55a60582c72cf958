import {
  type Applicant,
  type Enrolment,
  EnrolmentError,
  type EnrolmentFault,
  keyFingerprint,
  NodeIdError,
  parseNodeId,
  verifySignature,
} from "@alknet/core";
import { Hono } from "hono";

import type { Decoy } from "./decoy/decoy.ts";
import { HttpProblem } from "./door/problem.ts";
import { readBody } from "./gateway/request_body.ts";
import type { FetchHandler, HttpEnv } from "./http_info.ts";

/** What {@linkcode enrolmentApp} can be told. */
export interface EnrolmentAppOptions {
  /** Turns invitations into peers. */
  readonly enrolment: Enrolment;
  /** This node's id: a proof made for another node is worthless here. */
  readonly nodeId: string;
  /**
   * What somebody sees whose request is malformed, or whose secret nobody gave out: with it a probe
   * does not learn that there is anything to enrol at. Default: an error that says so.
   */
  readonly decoy?: Decoy;
}

/** An application for `http({ app })`. */
export interface EnrolmentApp {
  /** Answers a request. */
  readonly fetch: FetchHandler;
  /** Answers a request made on the spot, for tests. */
  request(path: string, init?: RequestInit): Response | Promise<Response>;
}

/** What a request's body may be; the decoy of `webApp` takes bodies in by the same measure. */
export const BODY_LIMITS = { maxBodyBytes: 8_192, bodyTimeoutMs: 10_000 };
const TOO_LARGE = 413;
const MAX_SECRET_BYTES = 255;
const MAX_ADDRESSES = 16;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;
const ADDRESS = /^[a-z0-9.:[\]_-]{1,255}$/i;
const DOMAIN = new TextEncoder().encode("alknet-enrol/1\0");

const STATUS: Readonly<Record<EnrolmentFault, 403 | 409>> = {
  unknown: 403,
  expired: 403,
  used: 403,
  "name-taken": 409,
  "key-taken": 409,
};

/**
 * `POST /enrol` for workers that have HTTP and nothing else: a public key, the secret of an
 * invitation and a signature by the key over both ends (docs/adr/0010-http-enrolment.md).
 *
 * @param options What turns invitations into peers, and whose door this is.
 * @returns An application for `http({ app })`.
 *
 * @example
 * ```ts
 * import { EnrolmentError } from "@alknet/core";
 * import { enrolmentApp } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * const enrolment = { redeem: () => Promise.reject(new EnrolmentError("unknown")) };
 * const app = enrolmentApp({ enrolment, nodeId: "y".repeat(52) });
 * const response = await app.request("/enrol", { method: "POST", body: "{}" });
 * strictEqual(response.status, 400);
 * ```
 */
export function enrolmentApp({ enrolment, nodeId, decoy }: EnrolmentAppOptions): EnrolmentApp {
  const app = new Hono<HttpEnv>();
  app.post("/enrol", async (c) => {
    const body = await readBody(c.req.raw, BODY_LIMITS).catch(problemOnly);
    const request = typeof body === "string" ? await requestOf(body, nodeId) : undefined;
    if (!request && decoy) return decoy(c.req.raw);
    if (!request) return c.json({ error: "malformed" }, body === TOO_LARGE ? 413 : 400);
    try {
      return c.json(await enrolment.redeem(request.secret, request.applicant), 201);
    } catch (error) {
      if (!(error instanceof EnrolmentError)) throw error;
      if (decoy && error.fault === "unknown") return decoy(c.req.raw);
      return c.json({ error: error.fault, message: error.message }, STATUS[error.fault]);
    } finally {
      request.secret.fill(0);
    }
  });
  return app;
}

/**
 * What a worker signs: the node it means to join, and the secret it was given.
 *
 * @param nodeId The node to join.
 * @param secret The invitation's secret.
 * @returns The message for the worker's Ed25519 key.
 *
 * @example
 * ```ts
 * import { enrolmentMessage } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(enrolmentMessage("y".repeat(52), new Uint8Array(20)).length, 15 + 32 + 20);
 * ```
 */
export function enrolmentMessage(nodeId: string, secret: Uint8Array): Uint8Array<ArrayBuffer> {
  const id = parseNodeId(nodeId);
  const message = new Uint8Array(DOMAIN.length + id.length + secret.length);
  message.set(DOMAIN);
  message.set(id, DOMAIN.length);
  message.set(secret, DOMAIN.length + id.length);
  return message;
}

interface EnrolmentRequest {
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly applicant: Applicant;
}

/** The request, if it is well formed and its signature is right. */
async function requestOf(text: string, nodeId: string): Promise<EnrolmentRequest | undefined> {
  const body: unknown = parsed(text);
  if (typeof body !== "object" || body === null) return undefined;
  const fields: Partial<Record<string, unknown>> = { ...body };
  const { name, addresses = [] } = fields;
  const secret = bytesOf(fields.secret);
  const signature = bytesOf(fields.signature);
  const publicKey = keyOf(fields.nodeId);
  const named = name === undefined || (typeof name === "string" && NAME.test(name));
  if (!secret || secret.length > MAX_SECRET_BYTES || !signature || !publicKey) return undefined;
  if (!named || !isAddresses(addresses)) return undefined;
  const message = enrolmentMessage(nodeId, secret);
  if (!await verifySignature(publicKey, signature, message)) return undefined;
  const applicant: Applicant = {
    nodeId: String(fields.nodeId),
    fingerprint: keyFingerprint(publicKey),
    name: named && name !== undefined ? String(name) : undefined,
    addresses,
  };
  return { secret, applicant };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller answers that the request is malformed
  }
}

/** The status of what is wrong with a body. */
function problemOnly(error: unknown): number {
  if (error instanceof HttpProblem) return error.status;
  throw error;
}

function keyOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  try {
    return typeof value === "string" ? parseNodeId(value) : undefined;
  } catch (error) {
    if (error instanceof NodeIdError) return undefined;
    throw error;
  }
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  try {
    return typeof value === "string" ? Uint8Array.fromBase64(value) : undefined;
  } catch {
    return undefined; // the caller answers that the request is malformed
  }
}

function isAddresses(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_ADDRESSES &&
    value.every((each) => typeof each === "string" && ADDRESS.test(each));
}
