import { CHALLENGE_TYPES, LETS_ENCRYPT } from "@alknet/acme";
import type { Field } from "./field.ts";

const KEYS: readonly Omit<Field, "table">[] = [
  {
    key: "names",
    type: "strings",
    fallback: "[]",
    doc:
      "DNS names to have a certificate for that browsers trust. Without names nobody is asked for " +
      "one.",
  },
  {
    key: "terms_agreed",
    type: "boolean",
    fallback: "false",
    doc: "Whether you agree to the terms of service of the certificate authority.",
  },
  {
    key: "email",
    type: "string",
    fallback: "",
    doc: "Address for letters of the certificate authority.",
  },
  {
    key: "directory",
    type: "string",
    fallback: `"${LETS_ENCRYPT}"`,
    doc: "The authority: URL of its ACME directory.",
  },
  {
    key: "challenges",
    type: "strings",
    fallback: '["tls-alpn-01"]',
    values: CHALLENGE_TYPES,
    doc:
      "How to prove the names, most wanted first: tls-alpn-01 by a listener on port 443, http-01 on " +
      "port 80.",
  },
  {
    key: "http_address",
    type: "string",
    fallback: '"[::]:80"',
    doc: "Where http-01 is answered, only while the authority asks.",
  },
  {
    key: "ca_file",
    type: "string",
    fallback: "",
    doc: "PEM certificates to trust as the authority's own, where it is a private one.",
  },
  {
    key: "eab_key_id",
    type: "string",
    fallback: "",
    doc: "Key id of your account at the authority, where it asks for one.",
  },
  {
    key: "eab_mac_key_file",
    type: "string",
    fallback: "",
    doc: "File with the MAC key of that account, as the authority shows it (base64url).",
  },
];

/** Keys of `[acme]`. */
export const ACME_FIELDS: readonly Field[] = KEYS.map((field) => ({ table: "acme", ...field }));
