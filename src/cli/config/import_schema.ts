import type { Field } from "./field.ts";

/** Tables that name a service, each as often as there are services. */
export const IMPORT_TABLES: readonly string[] = ["openapi", "mcp"];

const COMMON: readonly Omit<Field, "table">[] = [
  {
    key: "name",
    type: "string",
    fallback: "",
    doc: "What the names of its operations begin with.",
  },
  {
    key: "credential",
    type: "string",
    fallback: "",
    doc: "The secret it wants, by its name in: alknet credential list.",
  },
  {
    key: "scopes",
    type: "strings",
    fallback: "[]",
    doc:
      "Scopes that callers need for its operations. Without any nobody reaches them from outside.",
  },
];

const OPENAPI: readonly Omit<Field, "table">[] = [
  { key: "url", type: "string", fallback: "", doc: "Where its OpenAPI document is." },
  { key: "file", type: "string", fallback: "", doc: "The document as a file, instead of the URL." },
  {
    key: "base_url",
    type: "string",
    fallback: "",
    doc: "Where the service is, if the document is a file or names another host.",
  },
  {
    key: "auth",
    type: "string",
    fallback: "",
    doc: "How it wants the secret, if the document does not say so: bearer, basic, header:NAME, " +
      "query:NAME or cookie:NAME.",
  },
];

/** Keys of these tables. A table with nothing in it stands for no service. */
export const IMPORT_FIELDS: readonly Field[] = [
  ...[...OPENAPI, ...COMMON].map((field) => ({ ...field, table: "openapi" })),
  ...[
    { key: "url", type: "string" as const, fallback: "", doc: "Where the MCP server is, by HTTP." },
    ...COMMON,
  ].map((field) => ({ ...field, table: "mcp" })),
];
