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

Deno.test("checks of servers are read, and mistakes in them told", () => {
  const site = `[[site]]\nhost = "app.example"\nupstreams = ["http://h"]\n`;
  const [config] = configOf(parseToml(
    "alknet.toml",
    `${site}health_path = "/up?deep"\nhealth_interval_ms = 1000\nhealth_timeout_ms = 2000
health_failures = 4\nhealth_successes = 5\nhealth_status = ["200", "300-302"]`,
  )).sites;
  ok(config?.serves.kind === "proxy");
  deepStrictEqual(config.serves.healthCheck, {
    path: "/up?deep",
    host: "app.example",
    intervalMs: 1_000,
    timeoutMs: 2_000,
    failures: 4,
    successes: 5,
    expected: [[200, 200], [300, 302]],
  });
  match(mistake(`${site}health_status = ["200"]`), /:4:1: "health_status" needs "health_path"/);
  match(mistake(`${site}health_path = "up"`), /must be a path such as \/healthz/);
  match(mistake(`${site}health_path = "/a b"`), /must be a path such as \/healthz/);
  const checked = `${site}health_path = "/"\n`;
  match(mistake(`${checked}health_status = []`), /must name at least one status/);
  match(mistake(`${checked}health_status = ["ok"]`), /:5:1: "ok" is no status such as 200/);
  match(mistake(`${checked}health_interval_ms = 99`), /at least 100/);
});

Deno.test("keys of a proxy, on a site that is none, are mistakes", () => {
  // They passed the check and did nothing.
  for (const kind of [`root = "/x"`, `redirect = "https://x.example"`]) {
    for (const key of ["keep_host = true", "timeout_ms = 5", `health_path = "/"`]) {
      match(
        mistake(`[[site]]\n${kind}\n${key}`),
        /:3:1: "\w+" is for a site with "upstreams"/,
        key,
      );
    }
  }
  const redirect = `[[site]]\nredirect = "https://x.example"\n`;
  match(mistake(`${redirect}strip = true`), /:3:1: "strip" is not for a redirect/);
  match(mistake(`${redirect}fallback = "a"`), /:3:1: "fallback" is for a site with "root"/);
});

Deno.test("a site at a host of the node's own is a mistake", () => {
  const own = `[http]\nown_hosts = ["admin.example"]\n[[site]]\nroot = "/x"\n`;
  match(mistake(`${own}host = "ADMIN.example"`), /:5:1: "ADMIN.example" is the node's own/);
  strictEqual(mistake(own), "no mistake found");
});

Deno.test("the template's empty [[site]] is none", () => {
  deepStrictEqual(configOf(parseToml("alknet.toml", "[[site]]\n")).sites, []);
});
