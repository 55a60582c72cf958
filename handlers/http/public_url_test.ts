import fc from "fast-check";
import { ok, strictEqual } from "node:assert/strict";

import { anyUrl } from "../../tests/tools/any_text.ts";
import { publicUrl } from "./public_url.ts";

const CONTEXT = { internalPort: 4000, serverName: "node.example" };

Deno.test("publicUrl() gives requests the scheme and the host the client meant", () => {
  strictEqual(of("http://a.example/x?y", "a.example"), "https://a.example/x?y");
  strictEqual(of("https://a.example:8443/x"), "https://a.example:8443/x");
  strictEqual(of("http://[::1]:44/", "[::1]:44"), "https://[::1]:44/");
});

Deno.test("publicUrl() does not show the internal server to clients without Host", () => {
  strictEqual(of("http://localhost:4000/x"), "https://node.example/x");
  strictEqual(of("http://localhost:4000/x", ""), "https://node.example/x");
  strictEqual(of("http://localhost:4000/x", "localhost:4000"), "https://localhost:4000/x");
});

Deno.test("publicUrl() refuses a Host that would change the path", () => {
  // Deno puts the header into the URL as it comes: "Host: a/admin?" asked for "/" is "/admin".
  for (const host of ["a/admin?", "a b", "a@b", "a#", "a\\b", "a:80:80", "[::1", "a/"]) {
    strictEqual(of(`http://${host}/`, host), undefined, host);
  }
});

Deno.test("publicUrl() refuses other schemes", () => {
  strictEqual(of("ftp://a/x", "a"), undefined);
});

Deno.test("publicUrl() gives a valid https URL or nothing, whatever comes", () => {
  fc.assert(fc.property(anyUrl(), fc.string(), (url, host) => {
    const result = publicUrl({ url, headers: { get: () => host } as unknown as Headers }, CONTEXT);
    ok(result === undefined || new URL(result).protocol === "https:");
  }));
});

function of(url: string, host?: string): string | undefined {
  const headers = { get: () => host ?? null } as unknown as Headers;
  return publicUrl({ url, headers }, CONTEXT);
}
