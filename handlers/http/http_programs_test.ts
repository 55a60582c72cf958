import { match, ok, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../../tests/tools/skip.ts";
import { run, startNode } from "./testdata/node.ts";

const BODY = new Uint8Array(5 * 1024 * 1024 + 3).map((_, index) => index * 7 + (index >> 8));
const VERSIONS = [["h1", "--http1.1", "1.1"], ["h2", "--http2", "2"]] as const;

for (const [name, flag, version] of VERSIONS) {
  testOrSkip(`curl reads /healthz over ${name}`, missing("curl"), async () => {
    await using node = await startNode();
    const args = ["-sS", "--fail", "--cacert", node.caFile, flag, "-w", "%{http_version}"];
    strictEqual(await run("curl", ...args, `${node.url}/healthz`), `ok\n${version}`);
  });

  testOrSkip(`curl sends and gets back 5 MB over ${name}`, missing("curl"), async () => {
    await using node = await startNode({ app: (request) => new Response(request.body) });
    const [sent, back] = [await Deno.makeTempFile(), await Deno.makeTempFile()];
    await Deno.writeFile(sent, BODY);
    const files = ["--data-binary", `@${sent}`, "-o", back];
    await run("curl", "-sS", "--fail", "--cacert", node.caFile, flag, ...files, node.url);
    const echoed = await Deno.readFile(back);
    strictEqual(echoed.length, BODY.length);
    ok(echoed.every((byte, index) => byte === BODY[index]), "echoed bytes differ");
    await Promise.all([sent, back].map((file) => Deno.remove(file)));
  });

  testOrSkip(
    `curl sees events of a stream as they happen over ${name}`,
    missing("curl"),
    async () => {
      const next = new TransformStream<string, string>();
      await using node = await startNode({ app: () => events(next.readable) });
      const args = ["-sSN", "--cacert", node.caFile, flag, "--compressed", node.url];
      const curl = new Deno.Command("curl", { args, stdout: "piped" }).spawn();
      const reader = curl.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const writer = next.writable.getWriter();
      for (let round = 0; round < 5; round++) {
        await writer.write(`data: ${round}\n\n`); // the next goes out only when this one has arrived
        strictEqual((await reader.read()).value, `data: ${round}\n\n`);
      }
      await writer.close();
      strictEqual((await reader.read()).done, true);
      strictEqual((await curl.status).code, 0);
    },
  );
}

testOrSkip("curl reuses its connection", missing("curl"), async () => {
  await using node = await startNode();
  const urls = [`${node.url}/healthz`, `${node.url}/healthz`];
  const format = ["-w", "%{num_connects}"];
  const text = await run("curl", "-sS", "--http1.1", "--cacert", node.caFile, ...format, ...urls);
  strictEqual(text, "ok\n1ok\n0");
});

testOrSkip("h2load gets 200 concurrent requests answered", missing("h2load"), async () => {
  await using node = await startNode({ app: () => new Response("x".repeat(2000)) });
  const text = await run("h2load", "-n", "2000", "-c", "4", "-m", "50", `${node.url}/`);
  match(text, /2000 total, .*2000 succeeded, 0 failed, 0 errored, 0 timeout/);
});

function events(source: ReadableStream<string>): Response {
  const headers = { "content-type": "text/event-stream" };
  return new Response(source.pipeThrough(new TextEncoderStream()), { headers });
}
