import { TEXT, TEXTS, TIME } from "./schemas.ts";

const COUNT = { type: "integer", minimum: 0 } as const;

/** One listener of the node. */
export const LISTENER = {
  type: "object",
  properties: {
    address: TEXT,
    port: { type: "integer" },
    reachable: TEXTS,
    transports: TEXTS,
    names: TEXTS,
    certificateEnds: TIME,
    certificateSha256: TEXT,
  },
  required: ["address", "port", "reachable", "transports", "names", "certificateEnds"],
} as const;

/** What there is to know of the node. */
export const INFO = {
  type: "object",
  properties: {
    nodeId: TEXT,
    version: TEXT,
    runtime: TEXT,
    platform: TEXT,
    startedAt: TIME,
    uptimeSeconds: { type: "integer", minimum: 0 },
    memoryBytes: COUNT,
    bytesReceived: { ...COUNT, description: "Of all connections since the node started" },
    bytesSent: { ...COUNT, description: "Of all connections since the node started" },
    listeners: { type: "array", items: LISTENER },
    counters: { type: "object", additionalProperties: { type: "integer" } },
  },
  required: ["nodeId", "version", "startedAt", "uptimeSeconds", "listeners", "counters"],
} as const;

/** One protocol. */
export const HANDLER = {
  type: "object",
  properties: {
    name: TEXT,
    alpn: TEXTS,
    peerAuth: TEXT,
    connections: { type: "integer", description: "Open now" },
  },
  required: ["name", "alpn", "peerAuth", "connections"],
} as const;

/** One open connection. */
export const CONNECTION = {
  type: "object",
  properties: {
    alpn: TEXT,
    handler: TEXT,
    transport: TEXT,
    remoteAddr: {
      type: "object",
      properties: { hostname: TEXT, port: { type: "integer" } },
      required: ["hostname", "port"],
    },
    peer: { type: "string", description: "Id of a known peer" },
    fingerprint: { type: "string", description: "The key it has proven" },
    openedAt: TIME,
    bytesReceived: COUNT,
    bytesSent: COUNT,
  },
  required: [
    "alpn",
    "handler",
    "transport",
    "remoteAddr",
    "openedAt",
    "bytesReceived",
    "bytesSent",
  ],
} as const;

/** One security event. */
export const EVENT = {
  type: "object",
  properties: {
    id: { type: "integer", description: "Grows from event to event" },
    at: TIME,
    kind: TEXT,
    peer: { type: "string", description: "Whose doing it was" },
    fingerprint: TEXT,
    remote: TEXT,
    detail: TEXT,
  },
  required: ["id", "at", "kind"],
} as const;

/** Which events. */
export const EVENTS = {
  type: ["object", "null"],
  properties: {
    kinds: {
      type: "array",
      items: { type: "string", maxLength: 255 },
      minItems: 1,
      maxItems: 64,
      description: "Only these, such as peer.added, or auth.* for all that begin so. Default: all",
    },
    last: {
      type: "integer",
      minimum: 0,
      maximum: 1_000,
      description: "How many past events come first. Default: none",
    },
  },
  additionalProperties: false,
} as const;
