/** What a client may do to the gateway over a real connection, through the splice to Deno's server. */
import { connect as connectHttp2 } from "node:http2";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { EnrolmentError, trustAnchor } from "@alknet/core";
import { ANYONE, operation, OperationRegistry } from "@alknet/operations";

import { missing, testOrSkip } from "../../../tests/tools/skip.ts";
import { enrolmentApp, nginxDecoy, webApp, type WebAppOptions } from "../mod.ts";
import { run, startNode, type TestNode } from "../testdata/node.ts";
import { People } from "../testdata/web.ts";

interface HostileNode extends TestNode {
  readonly ticker: { stopped: Promise<void>; made: number };
}

/** A node with the gateway, and a subscription that would fill any memory. */
async function hostileNode(options: WebAppOptions = {}): Promise<HostileNode> {
  const stopped = Promise.withResolvers<void>();
  const ticker = { stopped: stopped.promise, made: 0 };
  const registry = new OperationRegistry();
  registry.register([
    operation({ name: "greet", type: "query", access: ANYONE, handler: () => "hello" }),
    operation({ name: "echo", access: ANYONE, handler: (input) => input }),
    operation({
      name: "flood",
      type: "subscription",
      access: ANYONE,
      async *handler() {
        try {
          while (true) {
            ticker.made++;
            yield "x".repeat(100_000);
          }
        } finally {
          stopped.resolve();
        }
      },
    }),
  ]);
  const people = new People();
  people.add("ada", "*");
  const operations = { dispatcher: registry, catalogue: registry };
  const node = await startNode({ app: webApp({ operations, ...options }) }, {
    identities: people,
  });
  return Object.assign(node, { ticker });
}

/** Sends bytes as they are and reads what comes until the end, or for a while. */
async function raw(node: TestNode, text: string, waitMs = 5_000): Promise<string> {
  using conn = await tls(node);
  await conn.write(new TextEncoder().encode(text));
  const timer = setTimeout(() => conn.close(), waitMs);
  const buffer = new Uint8Array(65_536);
  let answer = "";
  try {
    for (let count = await conn.read(buffer); count; count = await conn.read(buffer)) {
      answer += new TextDecoder().decode(buffer.subarray(0, count));
    }
  } catch {
    return answer; // reset, or the time is over
  } finally {
    clearTimeout(timer);
  }
  return answer;
}

function tls({ port, endpoint }: TestNode): Promise<Deno.TlsConn> {
  const caCerts = [trustAnchor(endpoint.key.publicKey)];
  const alpnProtocols = ["http/1.1"];
  return Deno.connectTls({ hostname: "localhost", port, caCerts, alpnProtocols });
}

async function serves(node: TestNode): Promise<void> {
  const response = await fetch(`${node.url}/op/greet`, {
    client: node.client,
    headers: { authorization: "Bearer ada" },
  });
  strictEqual(await response.json(), "hello");
  strictEqual(node.endpoint.counters.handlerFailed, 0);
}

const POST = "POST /op/echo HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ada\r\n" +
  "content-type: application/json\r\n";
const SMUGGLED = "GET /op/greet HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ada\r\n\r\n";

// Attacks: what one parser takes for the body of a request, another takes for the next request.
const SMUGGLING: Readonly<Record<string, string>> = {
  "two lengths": `${POST}content-length: 1\r\ncontent-length: 60\r\n\r\n1${SMUGGLED}`,
  "length and chunks": `${POST}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n` +
    `0\r\n\r\n${SMUGGLED}`,
  "chunks twice": `${POST}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n` +
    `0\r\n\r\n${SMUGGLED}`,
  "unknown coding": `${POST}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "length with a sign": `${POST}content-length: +1\r\n\r\n1${SMUGGLED}`,
  "length in hexadecimal": `${POST}content-length: 0x1\r\n\r\n1${SMUGGLED}`,
  "a folded header": `${POST}x: y\r\n content-length: 1\r\n\r\n1${SMUGGLED}`,
  "space before the colon": `${POST}content-length : 1\r\n\r\n1${SMUGGLED}`,
  "NUL in a header": `${POST}x: a\0b\r\n\r\n`,
  "a bare CR": `${POST}x: y\rcontent-length: 1\r\n\r\n1${SMUGGLED}`,
};

for (const [name, text] of Object.entries(SMUGGLING)) {
  Deno.test(`smuggling by ${name} gets nothing answered that was not asked`, async () => {
    await using node = await hostileNode();
    const answer = await raw(node, text, 2_000);
    match(answer, /^HTTP\/1\.1 400 /);
    strictEqual(answer.split("HTTP/1.1 ").length, 2, answer);
    await serves(node);
  });
}

Deno.test("a head that is too long is refused, and the node serves on", async () => {
  await using node = await hostileNode();
  const long = `GET /op/greet HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(1_000_000)}\r\n\r\n`;
  match(await raw(node, long), /^(HTTP\/1\.1 4\d\d|$)/);
  const many = Array.from({ length: 5_000 }, (_, n) => `x-${n}: y\r\n`).join("");
  match(await raw(node, `GET / HTTP/1.1\r\nhost: a\r\n${many}\r\n`), /^(HTTP\/1\.1 4\d\d|$)/);
  await serves(node);
});

Deno.test("a body that comes in drips is given up", async () => {
  await using node = await hostileNode({ limits: { bodyTimeoutMs: 100 } });
  const answer = await raw(node, `${POST}content-length: 100\r\n\r\n[`, 1_000);
  match(answer, /^HTTP\/1\.1 408 /);
  await serves(node);
});

// Attack: whether a path has enrolment behind it shows in whether it waits for the body.
Deno.test("the decoy waits for a body as enrolment does", async () => {
  const enrolment = enrolmentApp({
    enrolment: { redeem: () => Promise.reject(new EnrolmentError("unknown")) },
    nodeId: "y".repeat(52),
    decoy: nginxDecoy(),
  });
  await using node = await hostileNode({ enrolment });
  const answers = await Promise.all(["/enrol", "/call", "/x"].map(async (path) => {
    using conn = await tls(node);
    const head = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nconnection: close\r\n`;
    await conn.write(new TextEncoder().encode(`${head}content-type: application/json\r\n\r\n{`));
    const answer = new Response(conn.readable).text();
    const early = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 150))]);
    strictEqual(early, undefined, path);
    await conn.write(new TextEncoder().encode("}"));
    return (await answer).replace(/^date: .*$/m, "");
  }));
  match(answers[0] ?? "", /^HTTP\/1\.1 404 [^]*nginx/);
  deepStrictEqual(new Set(answers).size, 1);
});

Deno.test("a subscriber that stops reading makes the node hold little, and is given up", async () => {
  await using node = await hostileNode({ limits: { heartbeatMs: 100, stalledMs: 300 } });
  using conn = await tls(node);
  const head = "GET /op/flood HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ada\r\n\r\n";
  await conn.write(new TextEncoder().encode(head));
  await node.ticker.stopped;
  // Buffers of the kernel, the splice and TLS are full by then: some megabytes, and no more.
  ok(node.ticker.made < 300, `${node.ticker.made} items of 100 KB were made`);
  await serves(node);
});

Deno.test("a subscriber that leaves stops the operation, over HTTP/1.1 and HTTP/2", async () => {
  for (const http2 of [false, true]) {
    await using node = await hostileNode();
    const caCerts = [trustAnchor(node.endpoint.key.publicKey)];
    using client = Deno.createHttpClient({ caCerts, http2, http1: !http2 });
    const headers = { authorization: "Bearer ada" };
    const response = await fetch(`${node.url}/op/flood`, { client, headers });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await node.ticker.stopped;
  }
});

// CVE-2023-44487: streams that are opened and reset at once cost the client nothing.
Deno.test("streams that are reset at once do not wear the node out", async () => {
  await using node = await hostileNode();
  const ca = await Deno.readTextFile(node.caFile);
  const session = connectHttp2(node.url, { ca });
  session.on("error", () => {});
  const closed = new Promise<void>((resolve) => session.on("close", () => resolve()));
  for (let n = 0; n < 2_000 && !session.destroyed; n++) {
    const headers = { ":path": "/op/greet", authorization: "Bearer ada" };
    const stream = session.request(headers);
    stream.on("error", () => {});
    stream.close(8); // CANCEL
    if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  session.destroy();
  await closed;
  await serves(node);
});

testOrSkip("h2load gets no more through than the rate allows", missing("h2load"), async () => {
  await using node = await hostileNode({
    limits: { ratePerIdentity: 0.001, burstPerIdentity: 50 },
  });
  const header = ["-H", "authorization: Bearer ada"];
  const text = await run("h2load", "-n", "500", "-c", "4", ...header, `${node.url}/op/greet`);
  match(text, /status codes: 50 2xx, 0 3xx, 450 4xx, 0 5xx/);
});
