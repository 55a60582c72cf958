import { deepStrictEqual, doesNotMatch, match, ok, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";
import { anyUrl } from "../../../tests/tools/any_text.ts";
import { StoreUrlError } from "../errors.ts";
import { parsePostgresUrl } from "./url.ts";

Deno.test("parsePostgresUrl() reads every part", () => {
  const text = "postgresql://al%40ice:p%2F%25s@db.example:6543/node?sslrootcert=/etc/ca.pem";
  deepStrictEqual(parsePostgresUrl(text), {
    host: "db.example",
    port: 6543,
    user: "al@ice",
    password: "p/%s",
    database: "node",
    tls: { caPath: "/etc/ca.pem" },
    label: "al@ice@db.example:6543/node",
  });
});

const TLS: ReadonlyArray<readonly [url: string, tls: boolean]> = [
  ["postgres://127.0.0.1/a", false],
  ["postgres://127.1.2.3/a", false],
  ["postgres://[::1]/a", false],
  ["postgres://localhost/a", false],
  ["postgres:///a?host=/run/postgresql&user=x", false],
  ["postgres://localhost/a?sslmode=verify-full", true],
  ["postgres://localhost/a?sslrootcert=/ca.pem", true],
  ["postgres://db.example/a", true],
  ["postgres://127.0.0.1.example/a", true],
  ["postgres://10.0.0.1/a", true],
  ["postgres://db.example/a?sslmode=require", true],
  ["postgres://db.example/a?sslmode=disable", false],
];

for (const [url, tls] of TLS) {
  Deno.test(`parsePostgresUrl() ${tls ? "asks for" : "leaves out"} TLS with ${url}`, () => {
    strictEqual(parsePostgresUrl(url).tls !== undefined, tls);
  });
}

Deno.test("parsePostgresUrl() takes a Unix socket and IPv6", () => {
  const socket = parsePostgresUrl("postgres:///a?host=/run/postgresql&user=x");
  deepStrictEqual([socket.host, socket.user, socket.database], ["/run/postgresql", "x", "a"]);
  strictEqual(parsePostgresUrl("postgres://[2001:db8::1]:99/a").host, "2001:db8::1");
});

const REFUSED: ReadonlyArray<readonly [url: string, why: RegExp]> = [
  ["", /not of the form/],
  ["postgres://u:s3cret@host:port/a", /not of the form/],
  ["mysql://u:s3cret@h/a", /begins with "mysql:"/],
  ["postgres://u:s3cret@h", /names no database/],
  ["postgres://u:s3cret@h/", /names no database/],
  ["postgres://u:s3cret%zz@h/a", /percent sign/],
  ["postgres://u:s3cret@h/a?sslmode=prefer", /sslmode "prefer" is not offered/],
  ["postgres://u:s3cret@h/a?sslmode=no-verify", /not offered/],
  ["postgres://u:12/s3cret@h/a", /percent-encode the password/],
  ["postgres://u:12#s3cret@h/a", /percent-encode the password/],
  ["postgres://u:12?s3cret@h/a", /a parameter is not known/],
  ["postgres://h/a?s3cret@h/a", /a parameter is not known/],
  ["postgres://u:s3cret@h/a?options=-c%20fsync", /parameter "options" is not known/],
];

for (const [url, why] of REFUSED) {
  Deno.test(`parsePostgresUrl() refuses ${JSON.stringify(url)} and shows no password`, () => {
    throws(() => parsePostgresUrl(url), (error) => {
      ok(error instanceof StoreUrlError);
      match(error.message, why);
      doesNotMatch(Deno.inspect(error), /s3cret/);
      return true;
    });
  });
}

Deno.test("parsePostgresUrl() throws nothing but StoreUrlError, whatever it is given", () => {
  const text = fc.oneof(fc.string(), anyUrl(), fc.string().map((rest) => `postgres://${rest}`));
  fc.assert(fc.property(text, (url) => {
    try {
      parsePostgresUrl(url);
    } catch (error) {
      ok(error instanceof StoreUrlError);
    }
  }));
});

Deno.test("parsePostgresUrl() gives back any user and password, and the label has no password", () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }), fc.uuid(), (user, password) => {
    const url = `postgres://${encodeURIComponent(user)}:${password}@h/a`;
    const target = parsePostgresUrl(url);
    deepStrictEqual([target.user, target.password], [user, password]);
    ok(!target.label.includes(password));
  }));
});
