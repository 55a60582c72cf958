import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ConfigError } from "../errors.ts";
import { configOf } from "./config.ts";
import { parseToml } from "./read_tables.ts";

function mistake(toml: string): string {
  try {
    configOf(parseToml("alknet.toml", toml));
  } catch (error) {
    ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return "no mistake found";
}

Deno.test("a server that the node could not ask is found before it starts", () => {
  // These passed the check, and then ended the start as a defect of the program, with a stack.
  const bad = [
    "http://user:pw@h",
    "http://h:99999",
    "http://h?x",
    "http://h#x",
    "peer:a b",
    "ftp://h",
  ];
  for (const each of bad) {
    match(mistake(`[[site]]\nupstreams = ["${each}"]`), /:2:1: Cannot pass requests on to "/, each);
  }
  for (const each of ["http://h", "https://h:1/", "http://[::1]:80", "unix:/a", "peer:a"]) {
    strictEqual(mistake(`[[site]]\nupstreams = ["${each}"]`), "no mistake found", each);
  }
});

Deno.test("a redirect that would lose a part of its URL is a mistake", () => {
  for (const to of ["https://x.example/?a=b", "https://x.example/#a", "https://u@x.example", "x"]) {
    ok(mistake(`[[site]]\nredirect = "${to}"`) !== "no mistake found", to);
  }
});

Deno.test("a path that no request can have is a mistake", () => {
  match(mistake(`[[site]]\nroot = "/x"\npath = "/a b"`), /"path" must be .* \/a%20b/);
  match(mistake(`[[site]]\nroot = "/x"\npath = "/a/../b"`), /\/b$/);
  match(mistake(`[[site]]\nroot = "/x"\npath = "/a?b"`), /\/a$/);
  match(mistake(`[[site]]\nroot = "/x"\npath = "//a"`), /"path" must be/);
});

Deno.test("keys that would do nothing, or harm at each request, are mistakes", () => {
  match(
    mistake(`[[site]]\nroot = "/x"\ncache_control = "a\\nb"`),
    /"cache_control" must be one line/,
  );
  match(mistake(`[[site]]\nroot = "/x"\nfallback = "../y"`), /"fallback" must be a file within/);
  match(mistake(`[[site]]\nupstreams = ["http://h"]\nfallback = "y"`), /for a site with "root"/);
  match(
    mistake(`[[site]]\nroot = "/x"\nhost = "A.example"\n[[site]]\nroot = "/y"\nhost = "a.example"`),
    /:6:1: Another site answers to a.example \/ already/,
  );
  match(mistake(`[http]\ndecoy_root = "/x"`), /"decoy_root" is for decoy = "static"/);
  match(mistake(`[http]\ndefault_timeout_ms = 700000`), /above "max_timeout_ms"/);
  match(mistake(`[http]\nauthorization_servers = ["x"]`), /"x" is no http or https URL/);
  match(
    mistake(`[[reexport]]\noperations = ["a/b"]\nscopes = ["x:y"]\npeer = ""`),
    /:4:1: "peer" must be a name/,
  );
});

Deno.test("the template's empty [[site]] is none", () => {
  deepStrictEqual(configOf(parseToml("alknet.toml", "[[site]]\n")).sites, []);
});
