import { DEFAULT_LIMITS, type Limits } from "@alknet/core";
import { PEER_POLICIES } from "@alknet/operations";
import { ACME_FIELDS } from "./acme_schema.ts";
import { type Field, snakeCase } from "./field.ts";
import { HTTP_FIELDS } from "./http_schema.ts";
import { IMPORT_FIELDS } from "./import_schema.ts";
import { SFTP_FIELDS } from "./sftp.ts";
import { SITE_FIELDS } from "./site_schema.ts";
import { SSH_FIELDS } from "./ssh_fields.ts";
import { STORE_FIELDS } from "./store_config.ts";

/** What `quic_certificate` may be. */
export const QUIC_CERTIFICATES = ["node", "acme"] as const;

/** Limits of the endpoint by their key in the file. */
export const LIMIT_KEYS: ReadonlyMap<string, keyof Limits> = new Map(
  (Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]).map((name) => [snakeCase(name), name]),
);

const LIMIT_DOCS: Readonly<Record<keyof Limits, string>> = {
  maxConnections: "Open connections in all.",
  maxConnectionsPerAddress: "Open connections from one IPv4 address or IPv6 /64 network.",
  maxConnectionsPerIdentity: "Open connections of one identity.",
  maxHandshakes: "Handshakes under way at once.",
  handshakeTimeoutMs: "Milliseconds for the TLS handshake, and again for the proof of the key.",
  maxStreams: "Streams of each kind a peer may have open on one connection.",
  maxBufferedBytes: "Bytes read ahead of a slow handler on a TLS connection.",
  idleTimeoutMs: "Milliseconds of silence after which a QUIC connection is given up.",
  drainTimeoutMs: "Milliseconds for connections to finish at shutdown.",
  lingerTimeoutMs: "Milliseconds for a peer to close after its handler is done.",
};

/** Every key of `alknet.toml`, in the order in which `alknet init` writes them. */
export const FIELDS: readonly Field[] = [
  {
    table: "node",
    key: "names",
    type: "strings",
    fallback: "[]",
    doc: "DNS names and addresses for the node's own certificates, beside its node id.",
  },
  {
    table: "listen",
    key: "address",
    type: "string",
    fallback: '"[::]:4433"',
    doc: "Address and port, the same number for UDP (QUIC) and TCP (TLS). [::] takes IPv4 too.",
  },
  {
    table: "listen",
    key: "transports",
    type: "strings",
    fallback: '["quic", "tls"]',
    values: ["quic", "tls"],
    doc: "Transports to offer.",
  },
  {
    table: "listen",
    key: "cert",
    type: "string",
    fallback: "",
    doc:
      "PEM chain of an X.509 certificate; without one the node issues its own. Reread on change.",
  },
  {
    table: "listen",
    key: "key",
    type: "string",
    fallback: "",
    doc: "PEM private key of that certificate.",
  },
  {
    table: "listen",
    key: "acme",
    type: "boolean",
    fallback: "true",
    doc: "Whether the certificate of [acme] is shown here; never where there is a cert.",
  },
  {
    table: "listen",
    key: "quic_certificate",
    type: "string",
    fallback: '"node"',
    values: QUIC_CERTIFICATES,
    doc:
      "The certificate of QUIC, which has one for all names: with acme, browsers can use HTTP/3 here " +
      "and nodes dial by key over TLS only.",
  },
  ...ACME_FIELDS,
  {
    table: "handlers",
    key: "enabled",
    type: "strings",
    fallback: '["ping", "call", "join", "http", "ssh", "sftp", "echo"]',
    doc: "Protocols to serve, most wanted first. See: alknet handlers.",
  },
  {
    table: "handlers",
    key: "modules",
    type: "strings",
    fallback: "[]",
    doc: "Your own handlers: modules whose export `handler` is one (docs/handlers.md).",
  },
  {
    table: "call",
    key: "attach",
    type: "strings",
    fallback: "[]",
    doc: "Peers to stay connected to, by name: each may then call this node, and this node it.",
  },
  {
    table: "operations",
    key: "modules",
    type: "strings",
    fallback: "[]",
    doc: "Your own operations: modules whose export `operations` lists them (docs/operations.md).",
  },
  {
    table: "reexport",
    key: "operations",
    type: "strings",
    fallback: "[]",
    doc: "Operations of peers to offer as this node's own: names, or area/* for all below.",
  },
  {
    table: "reexport",
    key: "peer",
    type: "string",
    fallback: '"any"',
    doc: "The peer that answers, or any that has the operation.",
  },
  {
    table: "reexport",
    key: "policy",
    type: "string",
    fallback: '"round-robin"',
    values: PEER_POLICIES,
    doc: "Which of several peers answers.",
  },
  {
    table: "reexport",
    key: "scopes",
    type: "strings",
    fallback: "[]",
    doc: "What callers need, all of it. Must be said.",
  },
  {
    table: "reexport",
    key: "prefix",
    type: "string",
    fallback: "",
    doc: "Put before each name, with a slash.",
  },
  {
    table: "echo",
    key: "peer_auth",
    type: "string",
    fallback: '"none"',
    values: ["none", "optional", "required"],
    doc: "Whether the echo protocol begins with a proof of the peer's key.",
  },
  ...SSH_FIELDS,
  ...HTTP_FIELDS,
  ...SITE_FIELDS,
  ...SFTP_FIELDS,
  ...[...LIMIT_KEYS].map(([key, name]): Field => ({
    table: "limits",
    key,
    type: "integer",
    fallback: String(DEFAULT_LIMITS[name]),
    min: 1,
    doc: LIMIT_DOCS[name],
  })),
  ...IMPORT_FIELDS,
  ...STORE_FIELDS,
  {
    table: "log",
    key: "level",
    type: "string",
    fallback: '"info"',
    values: ["debug", "info", "warning", "error"],
    doc: "Least important events to log.",
  },
  {
    table: "log",
    key: "format",
    type: "string",
    fallback: '"text"',
    values: ["text", "json"],
    doc: "Lines for people, or one JSON object a line.",
  },
];
