import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { generateNodeKey, issueLeaf, signedAnchor } from "@alknet/core";

import { MAX_ANSWER_BYTES } from "./bounded_body.ts";
import { AcmeError, AcmeProtocolError } from "./errors.ts";
import { Exchange, type ExchangeOptions } from "./exchange.ts";

/** Asks a server that answers as the test says. */
async function asked<T>(
  answer: (request: Request) => Response | Promise<Response>,
  use: (exchange: Exchange, url: string) => Promise<T>,
  options: ExchangeOptions = {},
): Promise<T> {
  const key = await generateNodeKey();
  const leaf = await issueLeaf(key, { names: ["localhost"] });
  const caCerts = [await signedAnchor(key)];
  const listen = { hostname: "127.0.0.1", port: 0, cert: leaf.cert, key: leaf.key };
  await using server = Deno.serve({ ...listen, onListen: () => {} }, answer);
  using exchange = new Exchange({ caCerts, ...options });
  return await use(exchange, `https://localhost:${server.addr.port}/`);
}

const GET = { method: "GET", action: "look" } as const;

Deno.test("a problem is told with its kind, its words and when to come back", async () => {
  const problem = { type: "urn:ietf:params:acme:error:rateLimited", detail: "Too many" };
  const headers = { "retry-after": "120" };
  const error = await asked(
    () => Response.json(problem, { status: 429, headers }),
    (exchange, url) => exchange.send({ ...GET, url }).catch((error) => error),
  );
  strictEqual(error.message, 'Cannot look: rateLimited: "Too many"');
  deepStrictEqual(error instanceof AcmeError && error.problem.retryAfterMs, 120_000);
});

Deno.test("MAX_ANSWER_BYTES bounds an answer", async () => {
  const answer = (length: number) =>
    asked(
      () => new Response("x".repeat(length)),
      async (exchange, url) => (await exchange.send({ ...GET, url })).text.length,
    );
  strictEqual(await answer(MAX_ANSWER_BYTES), MAX_ANSWER_BYTES);
  await rejects(answer(MAX_ANSWER_BYTES + 1), AcmeProtocolError);
});

Deno.test("a redirect is not followed, and a nonce that is none is not taken", async () => {
  const redirect = asked(
    (request) => Response.redirect(`${request.url}elsewhere`),
    (exchange, url) => exchange.send({ ...GET, url }),
  );
  await rejects(redirect, AcmeProtocolError);
  const nonces = ["abc_-1", "a b", ""].map((nonce) =>
    asked(() => new Response("", { headers: { "replay-nonce": nonce } }), async (exchange, url) => {
      await exchange.send({ ...GET, url });
      return [exchange.takeNonce(), exchange.takeNonce()];
    })
  );
  const none = [undefined, undefined];
  deepStrictEqual(await Promise.all(nonces), [["abc_-1", undefined], none, none]);
});

Deno.test("requestTimeoutMs bounds a server that does not answer, and a signal ends the wait", async () => {
  const never = Promise.withResolvers<Response>();
  const wait = (options: ExchangeOptions): Promise<unknown> =>
    asked(() => never.promise, (exchange, url) => {
      const outcome = exchange.send({ ...GET, url }).catch((error) => error);
      return outcome.finally(() => never.resolve(new Response("late")));
    }, options);
  const error = await wait({ requestTimeoutMs: 50 });
  match(String(error), /no answer from https:/);
  const reason = await wait({ signal: AbortSignal.abort("stopped") });
  strictEqual(reason, "stopped");
});
