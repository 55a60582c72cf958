import type { Field } from "./field.ts";

/** The table of sites, as often as there are sites. */
export const SITE_TABLE = "site";

const KEYS: readonly Omit<Field, "table">[] = [
  {
    key: "host",
    type: "string",
    fallback: "",
    doc: "Name it answers to: app.example, or *.example for all one label below. Default: any.",
  },
  {
    key: "path",
    type: "string",
    fallback: '"/"',
    doc: "Paths that begin so. The longest of several sites of a host wins.",
  },
  {
    key: "upstreams",
    type: "strings",
    fallback: "[]",
    doc:
      "Servers to pass requests on to, in turn: http://host:port, unix:/path, or peer:NAME for the " +
      "HTTP of another node.",
  },
  { key: "root", type: "string", fallback: "", doc: "Folder of files to serve instead." },
  { key: "redirect", type: "string", fallback: "", doc: "URL to send everybody to instead." },
  {
    key: "strip",
    type: "boolean",
    fallback: "false",
    doc: "Whether the path is taken off before a server or a folder is asked.",
  },
  {
    key: "keep_host",
    type: "boolean",
    fallback: "true",
    doc: "Whether servers are asked by the name that the client used.",
  },
  {
    key: "trust_forwarded",
    type: "boolean",
    fallback: "false",
    doc: "Whether another proxy in front says who the client is.",
  },
  {
    key: "timeout_ms",
    type: "integer",
    fallback: "60000",
    min: 1,
    doc: "Milliseconds a server has for the beginning of its answer.",
  },
  {
    key: "max_connections",
    type: "integer",
    fallback: "512",
    min: 1,
    doc: "Connections to one server at once; beyond that requests are answered 503.",
  },
  {
    key: "health_path",
    type: "string",
    fallback: "",
    doc:
      "Path that each server is asked for again and again: one that does not answer as it should gets " +
      "no requests until it does. Default: no server is checked.",
  },
  {
    key: "health_interval_ms",
    type: "integer",
    fallback: "10000",
    min: 100,
    doc: "Milliseconds from one check of a server to the next.",
  },
  {
    key: "health_timeout_ms",
    type: "integer",
    fallback: "5000",
    min: 1,
    doc: "Milliseconds a server has to answer a check.",
  },
  {
    key: "health_failures",
    type: "integer",
    fallback: "3",
    min: 1,
    doc:
      "Checks in a row that fail before a server is unhealthy; the first of all decides at once.",
  },
  {
    key: "health_successes",
    type: "integer",
    fallback: "2",
    min: 1,
    doc: "Checks in a row that pass before it is healthy again.",
  },
  {
    key: "health_status",
    type: "strings",
    fallback: '["200-399"]',
    doc: "Statuses of a healthy server, such as 200 or 200-399.",
  },
  {
    key: "fallback",
    type: "string",
    fallback: "",
    doc:
      "File of the folder to serve where there is none, for applications that route by themselves.",
  },
  {
    key: "cache_control",
    type: "string",
    fallback: "",
    doc: "Cache-Control of the folder's files.",
  },
];

/** Every key of `[[site]]`. */
export const SITE_FIELDS: readonly Field[] = KEYS.map((key) => ({ table: SITE_TABLE, ...key }));
