import { DEFAULT_WEB_LIMITS, ROUTE_GROUPS, type WebLimits } from "@alknet/http";
import { type Field, snakeCase } from "./field.ts";

/** Limits of HTTP by their key in the file. */
export const WEB_LIMIT_KEYS: ReadonlyMap<string, keyof WebLimits> = new Map(
  (Object.keys(DEFAULT_WEB_LIMITS) as (keyof WebLimits)[]).map((name) => [snakeCase(name), name]),
);

const LIMIT_DOCS: Readonly<Record<keyof WebLimits, string>> = {
  maxBodyBytes: "Bytes of a request's body.",
  bodyTimeoutMs: "Milliseconds for a request's body to arrive.",
  ratePerIdentity: "Requests a second of one identity, in the long run.",
  burstPerIdentity: "Requests of one identity at once, after a pause.",
  ratePerAddress: "Requests a second of strangers from one address.",
  burstPerAddress: "Requests of strangers from one address at once, after a pause.",
  maxRatedCallers: "Callers whose rate is kept in mind.",
  maxRequestsPerIdentity: "Requests under way of one identity, subscriptions among them.",
  maxRequestsPerAddress: "Requests under way of strangers from one address.",
  defaultTimeoutMs: "Milliseconds for a call whose caller names no time.",
  maxTimeoutMs: "Most milliseconds a caller may name.",
  maxBatchItems: "Calls of a batch.",
  heartbeatMs: "Milliseconds of silence after which a subscription sends a comment.",
  stalledMs: "Milliseconds a subscriber may leave unread what was sent.",
  resumeWindowMs: "Milliseconds a resumable subscription waits for its subscriber.",
  maxReplayEvents: "Events a resumable subscription keeps.",
  maxReplayChars: "Characters of events a resumable subscription keeps.",
  maxResumablePerIdentity: "Resumable subscriptions of one identity.",
  idempotencyMs: "Milliseconds for which an answer to an idempotency key is kept.",
  maxIdempotencyKeys: "Idempotency keys kept in all.",
  maxIdempotencyKeysPerIdentity: "Idempotency keys kept of one identity.",
  maxIdempotencyChars: "Characters of kept answers in all.",
  maxIdempotentAnswerChars: "Characters of one kept answer.",
};

/** Every key of `[http]`. */
export const HTTP_FIELDS: readonly Field[] = [
  {
    table: "http",
    key: "gateway",
    type: "boolean",
    fallback: "true",
    doc: "Whether operations can be called over HTTP (docs/protocol/http.md).",
  },
  {
    table: "http",
    key: "mcp",
    type: "boolean",
    fallback: "true",
    doc: "Whether operations are offered as MCP tools at /mcp.",
  },
  {
    table: "http",
    key: "mcp_tools",
    type: "string",
    fallback: '"general"',
    values: ["general", "operations"],
    doc: "The tools: search, schema, call and batch, or beside them one for each operation.",
  },
  {
    table: "http",
    key: "authorization_servers",
    type: "strings",
    fallback: "[]",
    doc: "Issuers of tokens, told to MCP clients that look for one (RFC 9728).",
  },
  {
    table: "http",
    key: "metrics",
    type: "boolean",
    fallback: "true",
    doc: "Whether GET /metrics is there, for callers with the scope metrics:read.",
  },
  {
    table: "http",
    key: "enrolment",
    type: "boolean",
    fallback: "true",
    doc: "Whether workers with an invitation can enrol at POST /enrol.",
  },
  {
    table: "http",
    key: "visible",
    type: "strings",
    fallback: '["healthz"]',
    values: Object.keys(ROUTE_GROUPS),
    doc: `Routes that strangers see: ${Object.keys(ROUTE_GROUPS).join(", ")}. What is not named ` +
      "answers callers without an identity as though it were not there.",
  },
  {
    table: "http",
    key: "decoy",
    type: "string",
    fallback: '"nginx"',
    values: ["nginx", "static", "redirect"],
    doc:
      "What strangers see: an nginx without content, the files in decoy_root, or a redirect to " +
      "decoy_location.",
  },
  {
    table: "http",
    key: "decoy_root",
    type: "string",
    fallback: "",
    doc: 'Directory of the files shown with decoy = "static".',
  },
  {
    table: "http",
    key: "decoy_location",
    type: "string",
    fallback: "",
    doc: 'URL that everybody is sent to with decoy = "redirect".',
  },
  {
    table: "http",
    key: "public_url",
    type: "string",
    fallback: "",
    doc: "Where browsers reach this node, such as https://node.example, if not at the port of " +
      "[[listen]].",
  },
  {
    table: "http",
    key: "own_hosts",
    type: "strings",
    fallback: "[]",
    doc: "Hosts that are the node's own, such as admin.example or 127.0.0.1: no [[site]] answers " +
      "there, and only there the dashboard opens and client certificates count. Default: every host " +
      "that no site answers to.",
  },
  {
    table: "http",
    key: "cors_origins",
    type: "strings",
    fallback: "[]",
    doc: "Origins whose pages may read answers, such as https://app.example.",
  },
  ...[...WEB_LIMIT_KEYS].map(([key, name]): Field => ({
    table: "http",
    key,
    type: "integer",
    fallback: String(DEFAULT_WEB_LIMITS[name]),
    min: 1,
    doc: LIMIT_DOCS[name],
  })),
];
