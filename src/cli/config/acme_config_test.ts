import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ConfigError } from "../errors.ts";
import type { AcmeConfig } from "./acme_config.ts";
import { type Config, configOf } from "./config.ts";
import { parseToml } from "./read_tables.ts";

function configFrom(text: string): Config {
  return configOf(parseToml("alknet.toml", text));
}

function read(lines: string): AcmeConfig | undefined {
  return configFrom(`[acme]\n${lines}`).acme;
}

function mistake(lines: string): string {
  try {
    read(lines);
  } catch (error) {
    ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return "no mistake found";
}

const AGREED = 'names = ["a.example"]\nterms_agreed = true\n';

Deno.test("without names in [acme] nobody is asked for a certificate", () => {
  strictEqual(read(""), undefined);
  strictEqual(read("terms_agreed = true"), undefined);
});

Deno.test("[acme] with names asks Let's Encrypt, by tls-alpn-01", () => {
  deepStrictEqual(read(AGREED), {
    names: ["a.example"],
    email: undefined,
    directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
    types: ["tls-alpn-01"],
    httpAddress: { hostname: "::", port: 80 },
    caFile: undefined,
    externalAccount: undefined,
  });
});

Deno.test("every key of [acme] is taken up, and challenges keep their order", () => {
  const acme = read(`
    names = ["a.example", "b.example"]
    terms_agreed = true
    email = "me@example.org"
    directory = "https://ca.example/dir"
    challenges = ["http-01", "tls-alpn-01"]
    http_address = "127.0.0.1:8080"
    ca_file = "ca.pem"
    eab_key_id = "kid"
    eab_mac_key_file = "mac"
  `);
  deepStrictEqual(acme, {
    names: ["a.example", "b.example"],
    email: "me@example.org",
    directoryUrl: "https://ca.example/dir",
    types: ["http-01", "tls-alpn-01"],
    httpAddress: { hostname: "127.0.0.1", port: 8080 },
    caFile: "ca.pem",
    externalAccount: { keyId: "kid", macKeyFile: "mac" },
  });
});

Deno.test("mistakes in [acme] are told by their line", () => {
  match(mistake('names = ["*.example"]'), /alknet\.toml:2:1.*wildcard/);
  match(mistake('names = ["192.0.2.1"]'), /alknet\.toml:2:1/);
  match(mistake('names = ["a.example"]'), /:2:1.*"terms_agreed"/);
  match(mistake(`${AGREED}directory = "http://ca.example"`), /:4:1.*no https URL/);
  match(mistake(`${AGREED}challenges = ["dns-01"]`), /:4:1.*tls-alpn-01, http-01/);
  match(mistake(`${AGREED}challenges = []`), /:4:1.*at least one/);
  match(mistake(`${AGREED}http_address = ":"`), /:4:1.*host:port/);
  match(mistake(`${AGREED}eab_key_id = "kid"`), /:4:1.*go together/);
});

Deno.test("a listener shows the certificate of [acme] unless it has one of its own, or must not", () => {
  const { listen } = configFrom(`
    [[listen]]
    [[listen]]
    cert = "/c.pem"
    key = "/k.pem"
    [[listen]]
    acme = false
    [[listen]]
    quic_certificate = "acme"
  `);
  deepStrictEqual(listen.map(({ acme }) => acme), [true, false, false, true]);
  deepStrictEqual(listen.map((each) => each.quicCertificate), ["own", "own", "own", "named"]);
});
