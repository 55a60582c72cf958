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
};

Deno.test("advertise() names the port the client named, 443 where it named none", async () => {
  strictEqual(await advertised("https://a:4433/", new Response()), 'h3=":4433"; ma=3600');
  strictEqual(await advertised("https://a/", new Response()), 'h3=":443"; ma=3600');
});

Deno.test("advertise() leaves alone what the application says itself", async () => {
  const response = new Response(null, { headers: { "alt-svc": "clear" } });
  strictEqual(await advertised("https://a/", response), "clear");
});

Deno.test("advertise() reaches responses whose headers cannot be changed", async () => {
  const response = Response.redirect("https://b/", 302);
  const changed = await advertise(() => response)(new Request("https://a/"), INFO);
  strictEqual(changed.status, 302);
  strictEqual(changed.headers.get("location"), "https://b/");
  strictEqual(changed.headers.get("alt-svc"), 'h3=":443"; ma=3600');
});

async function advertised(url: string, response: Response): Promise<string | null> {
  const answer = await advertise(() => response)(new Request(url), INFO);
  return answer.headers.get("alt-svc");
}
