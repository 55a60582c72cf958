/**
 * The story of the foundation, with the command line only: one node serves several protocols on one
 * port number to programs nobody here wrote, and a second node dials it by its public key.
 */
import { match, notStrictEqual, ok, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { bundlePart } from "../tools/bundle/bundle_part.ts";
import { Machine, runProgram, type ServingNode } from "./support/cli.ts";

const CLI = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const H3_HANDLER = new URL("support/h3_hello.ts", import.meta.url).pathname;

/** Machine A with a node on it, and the anchor by which other programs verify it. */
async function nodeA(
  handlers = `enabled = ["ping", "http", "echo"]`,
): Promise<{ a: Machine; node: ServingNode; ca: string } & AsyncDisposable> {
  const a = await Machine.fresh();
  strictEqual((await a.alknet("init")).code, 0);
  await a.write("alknet.toml", `[handlers]\n${handlers}\n`);
  const node = await a.serve();
  const ca = await a.write("ca.pem", (await a.alknet("id", "--ca")).out);
  return {
    a,
    node,
    ca,
    async [Symbol.asyncDispose](): Promise<void> {
      await node[Symbol.asyncDispose]();
      await a[Symbol.asyncDispose]();
    },
  };
}

/** Machine B with keys of its own that A knows as the peer "b". */
async function nodeB(a: Machine): Promise<Machine> {
  const b = await Machine.fresh();
  const { nodeId } = await b.json<{ nodeId: string }>("init");
  strictEqual((await a.alknet("peer", "add", "b", "--node-id", nodeId)).code, 0);
  return b;
}

for (const version of ["1.1", "2"]) {
  testOrSkip(
    `curl reaches the node over HTTP/${version} and verifies it`,
    missing("curl"),
    async () => {
      await using served = await nodeA();
      const { serverName } = await served.a.json<{ serverName: string }>("id");
      const { code, out, err } = await runProgram("curl", [
        "-sS",
        "--noproxy",
        "*",
        `--http${version}`,
        "--cacert",
        served.ca,
        "--connect-to",
        `${serverName}:443:127.0.0.1:${served.node.port}`,
        "-w",
        "%{http_version}",
        `https://${serverName}/healthz`,
      ]);
      strictEqual(code, 0, err);
      strictEqual(out, `ok\n${version}`);
    },
  );
}

testOrSkip("openssl s_client reaches echo by its ALPN", missing("openssl"), async () => {
  await using served = await nodeA();
  const { serverName } = await served.a.json<{ serverName: string }>("id");
  const { out } = await sClient(served, "alknet/echo", serverName, "hello from openssl\n");
  match(out, /hello from openssl/);
});

testOrSkip("openssl s_client meets alert 120 for an unknown ALPN", missing("openssl"), async () => {
  await using served = await nodeA();
  const { code, err } = await sClient(served, "alknet/nothing", "localhost", "");
  notStrictEqual(code, 0);
  match(err, /alert number 120|no application protocol/i);
});

testOrSkip(
  "ngtcp2's client reaches a configured h3 module over QUIC",
  missing("gtlsclient"),
  async () => {
    await using served = await nodeA(`enabled = ["ping"]\nmodules = ["${H3_HANDLER}"]`);
    const { out, err } = await runProgram("gtlsclient", [
      "--exit-on-all-streams-close",
      "127.0.0.1",
      String(served.node.port),
      `https://127.0.0.1:${served.node.port}/`,
    ]);
    match(out + err, /hello over h3/);
  },
);

for (const transport of ["quic", "tls"]) {
  Deno.test(`node B reaches A by its node id over ${transport}`, async () => {
    await using served = await nodeA();
    await using b = await nodeB(served.a);
    const ping = await b.alknet(
      ...["ping", served.node.target, "--count", "2", "--transport", transport],
    );
    strictEqual(ping.code, 0, ping.err);
    match(ping.out, new RegExp(transport));
    match(ping.out, /"?b"?/);
    const echoed = await b.alknetWith(
      { stdin: "through the pipe\n" },
      ...["connect", served.node.target, "--alpn", "alknet/echo", "--transport", transport],
    );
    strictEqual(echoed.out, "through the pipe\n", echoed.err);
  });

  Deno.test(`a wrong key, an unknown ALPN and a revoked peer stay out over ${transport}`, async () => {
    await using served = await nodeA();
    await using b = await nodeB(served.a);
    const by = ["--transport", transport];

    const { nodeId: otherId } = await b.json<{ nodeId: string }>("id");
    const wrongKey = await b.alknet("ping", `${otherId}@127.0.0.1:${served.node.port}`, ...by);
    strictEqual(wrongKey.code, 5, wrongKey.err);
    match(wrongKey.err, /another node answers there/);

    const unknown = await b.alknet("connect", served.node.target, "--alpn", "alknet/no", ...by);
    strictEqual(unknown.code, 4, unknown.err);
    match(unknown.err, /does not serve this protocol/);

    strictEqual((await served.a.alknet("peer", "disable", "b")).code, 0);
    const revoked = await b.alknet("ping", served.node.target, ...by);
    strictEqual(revoked.code, 5, revoked.err);
    match(revoked.err, /not known there, or is disabled/);

    strictEqual((await served.a.alknet("peer", "enable", "b")).code, 0);
    strictEqual((await b.alknet("ping", served.node.target, "--count", "1", ...by)).code, 0);
    strictEqual((await served.a.alknet("peer", "remove", "b")).code, 0);
    strictEqual((await b.alknet("ping", served.node.target, ...by)).code, 5);
  });

  Deno.test(`removing a peer ends its open connection over ${transport}`, async () => {
    await using served = await nodeA();
    await using b = await nodeB(served.a);
    const open = b.spawn(
      ...["connect", served.node.target, "--alpn", "alknet/ping", "--transport", transport],
    );
    const writer = open.stdin.getWriter();
    await writer.write(new Uint8Array(8));
    const reader = open.stdout.getReader();
    ok((await reader.read()).value); // the answer shows that the connection is served
    const begun = performance.now();
    strictEqual((await served.a.alknet("peer", "remove", "b")).code, 0);
    const { code } = await open.status;
    // deno-lint-ignore no-console -- the figure is for people who read the run
    console.log(`  ended ${Math.round(performance.now() - begun)} ms after the command began`);
    if (transport === "quic") notStrictEqual(code, 0); // TLS has no close codes: it just ends
    await reader.cancel();
    await writer.close().catch(() => {});
    await open.stderr.cancel();
  });
}

Deno.test("the twelve words make the same node on another machine", async () => {
  await using a = await Machine.fresh();
  await using c = await Machine.fresh();
  const { nodeId } = await a.json<{ nodeId: string }>("init");
  const { out: words } = await a.alknet("vault", "phrase");
  const restored = await c.alknetWith({ stdin: words }, "init", "--phrase-fd", "0", "--json");
  strictEqual(JSON.parse(restored.out).nodeId, nodeId);
});

Deno.test("serve needs no set-up, says how it is reached, and ends with 0 on SIGTERM", async () => {
  await using a = await Machine.fresh();
  const node = await a.serve();
  match(node.nodeId, /^[a-z0-9]{52}$/);
  const status = await a.json<{ nodeId: string; handlers: unknown[] }>("status");
  strictEqual(status.nodeId, node.nodeId);
  ok(status.handlers.length >= 3);
  node.kill("SIGTERM");
  strictEqual((await node.status).code, 0);
  await node[Symbol.asyncDispose]();
});

Deno.test("a published program, run without the QUIC flag, runs itself again with it", async () => {
  await using a = await Machine.fresh();
  const program = `${a.home}/alknet.js`;
  await bundlePart(CLI, program);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", program, "--json", "serve", "--listen", "127.0.0.1:0"],
    cwd: a.home,
    env: a.env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  const banner = JSON.parse(new TextDecoder().decode((await reader.read()).value));
  const target = `${banner.nodeId}@${banner.addresses[0]}`;
  const ping = await a.alknet("ping", target, "-c", "1", "--transport", "quic");
  strictEqual(ping.code, 0, ping.err);
  child.kill("SIGTERM");
  strictEqual((await child.status).code, 0);
  await reader.cancel();
});

function sClient(
  { node, ca }: { node: ServingNode; ca: string },
  alpn: string,
  serverName: string,
  stdin: string,
): Promise<{ code: number; out: string; err: string }> {
  // A sleep keeps the client there until the answer has come.
  const command =
    `(printf %s "$IN"; sleep 1) | openssl s_client -quiet -no_ign_eof -alpn "$ALPN" ` +
    `-CAfile "$CA" -verify_return_error -servername "$NAME" -connect 127.0.0.1:"$PORT"`;
  return runProgram("sh", ["-c", command], {
    env: { IN: stdin, ALPN: alpn, CA: ca, NAME: serverName, PORT: String(node.port) },
  });
}
