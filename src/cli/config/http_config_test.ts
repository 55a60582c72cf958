import { DEFAULT_WEB_LIMITS } from "@alknet/http";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ConfigError } from "../errors.ts";
import { configOf } from "./config.ts";
import type { HttpConfig } from "./http_config.ts";
import { parseToml } from "./read_tables.ts";

function read(lines: string): HttpConfig {
  return configOf(parseToml("alknet.toml", `[http]\n${lines}`)).http;
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

Deno.test("[http] has the defaults of webApp(), and shows strangers a decoy", () => {
  const http = read("");
  deepStrictEqual(http.limits, DEFAULT_WEB_LIMITS);
  deepStrictEqual(http.visible, ["healthz"]);
  deepStrictEqual(http.decoy, { kind: "nginx" });
  deepStrictEqual([http.gateway, http.mcp, http.metrics, http.enrolment], [true, true, true, true]);
  strictEqual(http.operationTools, false);
});

Deno.test("every key of [http] is taken up", () => {
  const http = read(`
    gateway = false
    mcp = false
    mcp_tools = "operations"
    authorization_servers = ["https://login.example"]
    metrics = false
    enrolment = false
    visible = ["gateway", "mcp"]
    decoy = "static"
    decoy_root = "/srv/www"
    cors_origins = ["https://app.example"]
    public_url = "https://node.example:8443"
    own_hosts = ["Admin.example", "127.0.0.1", "[::1]"]
    rate_per_identity = 7
  `);
  deepStrictEqual({ ...http, limits: http.limits.ratePerIdentity }, {
    gateway: false,
    mcp: false,
    operationTools: true,
    authorizationServers: ["https://login.example"],
    metrics: false,
    enrolment: false,
    visible: ["gateway", "mcp"],
    decoy: { kind: "static", root: "/srv/www" },
    corsOrigins: ["https://app.example"],
    publicUrl: new URL("https://node.example:8443"),
    ownHosts: ["admin.example", "127.0.0.1", "[::1]"],
    limits: 7,
  });
  const redirect = read('decoy = "redirect"\ndecoy_location = "https://example.com/"');
  deepStrictEqual(redirect.decoy, { kind: "redirect", location: "https://example.com/" });
});

Deno.test("mistakes in [http] are told with their place", () => {
  match(mistake("gateway = 1"), /2:1: "gateway" must be true or false/);
  match(mistake('visible = ["all"]'), /"visible" must be one of: healthz, readyz/);
  match(mistake('decoy = "static"'), /needs "decoy_root"/);
  match(mistake('decoy = "redirect"\ndecoy_location = "example.com"'), /needs "decoy_location"/);
  match(mistake('cors_origins = ["https://app.example/"]'), /is no origin/);
  match(mistake('cors_origins = ["*"]'), /is no origin/);
  match(mistake("rate_per_identity = 0"), /at least 1/);
  match(mistake("resume_window_ms = 2147483648"), /must be at most 2147483647, which is 24 days/);
  for (const url of ["node.example", "http://node.example", "https://node.example/x"]) {
    match(mistake(`public_url = "${url}"`), /is no https URL of a host/, url);
  }
  for (const host of ["*.example", "a.example:1", "a.example.", "u@a.example", "a/b", "", "::1"]) {
    match(mistake(`own_hosts = ["${host}"]`), /is no host such as admin.example/, host);
  }
});
