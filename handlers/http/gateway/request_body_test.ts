import fc from "fast-check";
import { ok, rejects, strictEqual } from "node:assert/strict";

import { DEFAULT_WEB_LIMITS } from "../door/limits.ts";
import { HttpProblem } from "../door/problem.ts";
import { SAMPLES, testWeb } from "../testdata/web.ts";
import { readJson } from "./request_body.ts";

const JSON_TYPE = { "content-type": "application/json" };

Deno.test("a body of another type is refused, so that no page can send one unasked", async () => {
  using web = testWeb(SAMPLES);
  const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "x"];
  for (const type of types) {
    const headers = { "content-type": type };
    const response = await web.ask("/call", { token: "ada", method: "POST", body: "{}", headers });
    strictEqual(response.status, 415, type);
    await response.body?.cancel();
  }
});

// Attack: a few kilobytes of gzip become gigabytes of JSON. Nothing here unpacks anything.
Deno.test("a compressed body is refused, whatever is in it", async () => {
  using web = testWeb(SAMPLES);
  const zeros = new Blob([new Uint8Array(1_000_000)]).stream();
  const bomb = zeros.pipeThrough(new CompressionStream("gzip"));
  const body = await new Response(bomb).arrayBuffer();
  for (const encoding of ["gzip", "br", "identity, gzip", "GZIP"]) {
    const headers = { ...JSON_TYPE, "content-encoding": encoding };
    const response = await web.ask("/call", { token: "ada", method: "POST", body, headers });
    strictEqual(response.status, 415);
    strictEqual(response.headers.get("accept-encoding"), "identity");
  }
});

Deno.test("a body that is too long is refused, declared or not", async () => {
  using web = testWeb(SAMPLES, { limits: { maxBodyBytes: 100 } });
  const ask = async (body: BodyInit, more: Record<string, string> = {}) => {
    const headers = { ...JSON_TYPE, ...more };
    return (await web.ask("/call", { token: "ada", method: "POST", body, headers })).status;
  };
  const call = (pad: number) =>
    JSON.stringify({ operation: "math/add", input: { a: 1, b: 2 } }) + " ".repeat(pad);
  strictEqual(await ask(call(10)), 200);
  strictEqual(await ask(call(100)), 413);
  strictEqual(await ask("{}", { "content-length": "1000000" }), 413);
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(60).fill(32));
    },
  });
  await rejects(readJson(post(endless), { ...DEFAULT_WEB_LIMITS, maxBodyBytes: 100 }), {
    status: 413,
  });
  ok(pulled < 5, `${pulled} chunks were taken`);
});

Deno.test("a body that does not arrive is given up", async () => {
  const limits = { ...DEFAULT_WEB_LIMITS, bodyTimeoutMs: 20 };
  let cancelled = false;
  const silent = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  await rejects(readJson(post(silent), limits), { status: 408, retryable: true });
  strictEqual(cancelled, true);
});

Deno.test("whatever the bytes, reading them gives JSON or a problem", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array(), async (bytes) => {
    try {
      const { text, value } = await readJson(post(new Uint8Array(bytes)), DEFAULT_WEB_LIMITS);
      strictEqual(JSON.stringify(JSON.parse(text)), JSON.stringify(value));
    } catch (error) {
      ok(error instanceof HttpProblem && error.status === 400, String(error));
    }
  }));
});

function post(body: BodyInit): Request {
  return new Request("https://node.example/", { method: "POST", body, headers: JSON_TYPE });
}
