import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import {
  callIn,
  documentOf,
  failureOfCall,
  json,
  registryOf,
  startService,
} from "../testdata/support.ts";
import { operationsFromOpenApi } from "./operations_from_openapi.ts";

const BASE64 = { type: "string", contentEncoding: "base64" };

function post(content: Record<string, unknown>): Record<string, unknown> {
  return { post: { requestBody: { required: true, content }, responses: { 200: json() } } };
}

const FORM = {
  type: "object",
  properties: { a: { type: "string" }, list: { type: "array", items: { type: "integer" } } },
};

const DOCUMENT = documentOf({
  "/form": post({ "application/x-www-form-urlencoded": { schema: FORM } }),
  "/text": post({ "text/plain": {} }),
  "/bytes": post({ "image/png": {} }),
  "/patch": post({ "application/xml": {}, "application/merge-patch+json": { schema: {} } }),
  "/upload": post({
    "multipart/form-data": {
      schema: {
        type: "object",
        properties: {
          note: { type: "string" },
          meta: { type: "object" },
          file: { contentMediaType: "application/octet-stream" },
        },
        required: ["file"],
      },
    },
  }),
});

Deno.test("bodies are written as their media types want it", async () => {
  await using service = startService(({ headers, body }) =>
    Response.json({ type: headers.get("content-type"), body })
  );
  const options = { namespace: "t", baseUrl: service.url };
  const { operations } = await operationsFromOpenApi(DOCUMENT, options);
  const registry = registryOf(operations);
  const sent = (name: string, body: unknown) => callIn(registry, `t/post_${name}`, { body });
  deepStrictEqual(await sent("form", { a: "x&y=z", list: [1, 2] }), {
    type: "application/x-www-form-urlencoded",
    body: "a=x%26y%3Dz&list=1&list=2",
  });
  deepStrictEqual(await sent("text", "hello"), { type: "text/plain", body: "hello" });
  deepStrictEqual(await sent("bytes", btoa("abc")), { type: "image/png", body: "abc" });
  deepStrictEqual(await sent("patch", [1]), { type: "application/merge-patch+json", body: "[1]" });
  const { type, body } = Object(
    await sent("upload", { note: "n", meta: { a: 1 }, file: btoa("bytes") }),
  );
  match(type, /^multipart\/form-data; boundary=/);
  match(body, /name="note"\r\n\r\nn\r\n/);
  match(body, /name="meta"; filename="blob"\r\nContent-Type: application\/json\r\n\r\n\{"a":1\}/);
  match(
    body,
    /name="file"; filename="blob"\r\nContent-Type: application\/octet-stream\r\n\r\nbytes/,
  );
});

Deno.test("bodies that cannot be written are wrong inputs", async () => {
  const options = { namespace: "t", baseUrl: "http://127.0.0.1:9" };
  const { operations } = await operationsFromOpenApi(DOCUMENT, options);
  const registry = registryOf(operations);
  const wrong = [["bytes", "not base64!"], ["form", "text"], ["upload", {}], ["text", 1]] as const;
  for (const [name, body] of wrong) {
    const { code } = await failureOfCall(callIn(registry, `t/post_${name}`, { body }));
    strictEqual(code, "INVALID_INPUT", name);
  }
});

Deno.test("answers are JSON, text or base64, by what they say they are", async () => {
  await using service = startService(({ target }) =>
    target === "/bytes"
      ? new Response(new Uint8Array([0, 255]), { headers: { "content-type": "image/png" } })
      : new Response("plain")
  );
  const document = documentOf({
    "/bytes": { get: { responses: { 200: { description: "", content: { "image/png": {} } } } } },
    "/text": { get: { responses: { "2XX": { description: "", content: { "text/plain": {} } } } } },
  });
  const { operations } = await operationsFromOpenApi(document, {
    namespace: "t",
    baseUrl: service.url,
  });
  const registry = registryOf(operations);
  deepStrictEqual(operations.map(({ spec }) => spec.outputSchema), [BASE64, { type: "string" }]);
  strictEqual(await callIn(registry, "t/get_bytes"), "AP8=");
  strictEqual(await callIn(registry, "t/get_text"), "plain");
  strictEqual(service.requests[0]?.headers.get("accept"), "image/png");
});
