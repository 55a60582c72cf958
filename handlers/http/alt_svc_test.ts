import { NOBODY } from "@alknet/core";
import { strictEqual } from "node:assert/strict";

import { advertise } from "./alt_svc.ts";
import type { HttpInfo } from "./http_info.ts";

const INFO: HttpInfo = {
  remoteAddr: { hostname: "127.0.0.1", port: 1 },
  alpn: "h2",
  transport: "tls",
  auth: { alpn: "h2", remoteAddr: { hostname: "127.0.0.1", port: 1 } },
  identities: NOBODY,
  h3Port: 4433,
};

Deno.test("advertise() names the listener's port, whatever port the client names", async () => {
  // It named the one of the Host header: a client behind a forwarded port was sent to a port where
  // nobody, or somebody else, listens.
  for (const url of ["https://a/", "https://a:4433/", "https://a:22/"]) {
    strictEqual(await advertised(url), 'h3=":4433"; ma=3600', url);
  }
});

Deno.test("advertise() names the public port where there is one, for its host", async () => {
  const publicUrl = new URL("https://node.example");
  strictEqual(await advertised("https://node.example:99/", { publicUrl }), 'h3=":443"; ma=3600');
  strictEqual(await advertised("https://node.example./", { publicUrl }), 'h3=":443"; ma=3600');
  strictEqual(await advertised("https://other.example/", { publicUrl }), 'h3=":4433"; ma=3600');
  const ported = new URL("https://node.example:8443");
  const answer = await advertised("https://node.example/", { publicUrl: ported });
  strictEqual(answer, 'h3=":8443"; ma=3600');
});

Deno.test("advertise() says nothing where HTTP/3 would come with another certificate", async () => {
  const info = { ...INFO, h3Port: undefined };
  const publicUrl = new URL("https://node.example");
  strictEqual(await advertised("https://node.example/", { info, publicUrl }), null);
});

Deno.test("advertise() leaves alone what the application says itself", async () => {
  const response = new Response(null, { headers: { "alt-svc": "clear" } });
  strictEqual(await advertised("https://a/", { response }), "clear");
});

Deno.test("advertise() reaches responses whose headers cannot be changed", async () => {
  const response = Response.redirect("https://b/", 302);
  const changed = await advertise(() => response)(new Request("https://a/"), INFO);
  strictEqual(changed.status, 302);
  strictEqual(changed.headers.get("location"), "https://b/");
  strictEqual(changed.headers.get("alt-svc"), 'h3=":4433"; ma=3600');
});

interface Advertised {
  readonly response?: Response;
  readonly info?: HttpInfo;
  readonly publicUrl?: URL;
}

async function advertised(
  url: string,
  { response = new Response(), info = INFO, publicUrl }: Advertised = {},
): Promise<string | null> {
  const answer = await advertise(() => response, publicUrl)(new Request(url), info);
  return answer.headers.get("alt-svc");
}
