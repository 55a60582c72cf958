import { match, ok, strictEqual, throws } from "node:assert/strict";
import { ListenError } from "@alknet/core";
import fc from "fast-check";

import {
  answerTo,
  HttpChallengeListener,
  MAX_CONNECTIONS,
  MAX_HEAD_BYTES,
} from "./http_challenge_listener.ts";

const CHALLENGE = { token: "token", keyAuthorization: "token.thumbprint" };
const PATH = "/.well-known/acme-challenge/token";
const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

Deno.test("the one question is answered, and it is fetched", async () => {
  using listener = new HttpChallengeListener(LOOPBACK, CHALLENGE);
  const base = `http://127.0.0.1:${listener.addr.port}`;
  strictEqual(await (await fetch(base + PATH)).text(), "token.thumbprint");
  for (const path of ["/", `${PATH}x`, "/.well-known/acme-challenge/", `${PATH}?a`]) {
    const response = await fetch(base + path);
    strictEqual(response.status, 404);
    strictEqual(await response.text(), "Not found\n");
  }
});

Deno.test("whatever is sent, only the one question has the one answer", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    match(answerTo(text, CHALLENGE), /^HTTP\/1\.1 404 /);
  }));
  const post = `POST ${PATH} HTTP/1.1\r\n\r\n`;
  match(answerTo(post, CHALLENGE), /^HTTP\/1\.1 404 /);
});

Deno.test("MAX_HEAD_BYTES ends a request that never ends", async () => {
  using listener = new HttpChallengeListener(LOOPBACK, CHALLENGE);
  using conn = await Deno.connect(listener.addr);
  await conn.write(new Uint8Array(MAX_HEAD_BYTES).fill(0x61));
  strictEqual(await conn.read(new Uint8Array(1)), null);
});

Deno.test("MAX_CONNECTIONS turns newcomers away, and the end of the challenge everybody", async () => {
  const waiting: Deno.TcpConn[] = [];
  {
    using listener = new HttpChallengeListener(LOOPBACK, CHALLENGE);
    for (let count = 0; count <= MAX_CONNECTIONS; count++) {
      waiting.push(await Deno.connect(listener.addr));
    }
    const last = waiting.at(-1);
    ok(last);
    strictEqual(await last.read(new Uint8Array(1)), null);
  }
  for (const conn of waiting) {
    strictEqual(await conn.read(new Uint8Array(1)).catch(() => null), null);
    conn.close();
  }
});

Deno.test("an address that is taken is one clear error", () => {
  using listener = new HttpChallengeListener(LOOPBACK, CHALLENGE);
  throws(() => new HttpChallengeListener(listener.addr, CHALLENGE), ListenError);
});
