/**
 * The story of a node as one's own ingress: files, programs behind it, another node's pages, and a
 * program that speaks the call protocol where only HTTP gets through.
 */
import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";

import { callOverWebSocket } from "@alknet/call";

import { missing, testOrSkip } from "../tools/skip.ts";
import { Machine, runProgram, type ServingNode } from "./support/cli.ts";

/** A machine with a node on it that answers to "localhost", and a way to ask it. */
async function webNode(
  started: AsyncDisposableStack,
  toml: string,
): Promise<{
  machine: Machine;
  node: ServingNode;
  curl(path: string, ...more: string[]): Promise<string>;
}> {
  const machine = started.use(await Machine.fresh());
  strictEqual((await machine.alknet("init")).code, 0);
  await machine.write("alknet.toml", `[node]\nnames = ["localhost", "app.localhost"]\n${toml}`);
  const node = started.use(await machine.serve());
  const ca = await machine.write("ca.pem", (await machine.alknet("id", "--ca")).out);
  const curl = async (path: string, ...more: string[]): Promise<string> => {
    const url = path.startsWith("/") ? `https://localhost:${node.port}${path}` : path;
    const common = ["-sS", "--max-time", "20", "--noproxy", "*", "--cacert", ca];
    const { code, out, err } = await runProgram("curl", [...common, ...more, url]);
    strictEqual(code, 0, err);
    return out;
  };
  return { machine, node, curl };
}

testOrSkip(
  "curl gets files, a program behind the node, and a redirect, each by host and path",
  missing("curl"),
  async () => {
    await using started = new AsyncDisposableStack();
    const behind = started.use(
      Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
        const { pathname } = new URL(request.url);
        return new Response(`${request.method} ${pathname} ${(await request.bytes()).length}`);
      }),
    );
    const folder = started.use(await Machine.fresh());
    await folder.write("index.html", "<h1>files</h1>");
    const front = await webNode(
      started,
      `
[[site]]
path = "/files"
root = "${folder.home}"
strip = true
[[site]]
host = "app.localhost"
upstreams = ["http://127.0.0.1:${behind.addr.port}"]
[[site]]
path = "/old"
redirect = "https://elsewhere.example"
`,
    );
    strictEqual(await front.curl("/files/"), "<h1>files</h1>");
    strictEqual(await front.curl("/files/", "--http1.1", "-r", "4-8"), "files");
    const app = `https://app.localhost:${front.node.port}/a/b`;
    const to = ["--resolve", `app.localhost:${front.node.port}:127.0.0.1`];
    const file = await folder.write("body", "x".repeat(200_000));
    strictEqual(await front.curl(app, ...to, "--data-binary", `@${file}`), "POST /a/b 200000");
    match(await front.curl("/old/x", "-i"), /location: https:\/\/elsewhere\.example\/old\/x/);
    match(await front.curl("/other"), /404 Not Found/);
  },
);

for (const transport of ["quic", "tls"]) {
  testOrSkip(
    `a node shows the pages of another that it reaches as a peer, over ${transport}`,
    missing("curl"),
    async () => {
      await using started = new AsyncDisposableStack();
      const folder = started.use(await Machine.fresh());
      await folder.write("index.html", "<h1>at home</h1>");
      const worker = await webNode(started, `[[site]]\nroot = "${folder.home}"\n`);
      const front = started.use(await Machine.fresh());
      const { nodeId } = await worker.machine.json<{ nodeId: string }>("id");
      // A node that only listens on TCP is reached over TLS, where there is one stream a connection.
      const port = transport === "tls" ? tcpOnly(started, worker.node.port) : worker.node.port;
      const target = ["--node-id", nodeId, "--address", `127.0.0.1:${port}`];
      strictEqual((await front.alknet("init")).code, 0);
      strictEqual((await front.alknet("peer", "add", "home", ...target)).code, 0);
      await front.write(
        "alknet.toml",
        '[node]\nnames = ["localhost"]\n[[site]]\nupstreams = ["peer:home"]\n',
      );
      const node = started.use(await front.serve());
      const ca = await front.write("ca.pem", (await front.alknet("id", "--ca")).out);
      const common = ["-sS", "--max-time", "20", "--noproxy", "*", "--cacert", ca];
      for (let round = 0; round < 3; round++) {
        const url = `https://localhost:${node.port}/`;
        const { out, err } = await runProgram("curl", [...common, url]);
        strictEqual(out, "<h1>at home</h1>", err);
      }
    },
  );
}

Deno.test("a program calls operations over a WebSocket at /alknet/call, as who its token is", async () => {
  await using started = new AsyncDisposableStack();
  const { machine, node } = await webNode(started, "");
  const { token } = await machine.json<{ token: string }>(
    ...["token", "create", "ci", "--scope", "node:read"],
  );
  const caCerts = [(await machine.alknet("id", "--ca")).out];
  using client = Deno.createHttpClient({ caCerts });
  const socket = new WebSocket(`wss://localhost:${node.port}/alknet/call`, {
    client,
    headers: { authorization: `Bearer ${token}` },
  });
  const ended = new Promise((resolve) => socket.addEventListener("close", resolve));
  {
    await using calls = callOverWebSocket(socket);
    deepStrictEqual(await calls.call("peers/whoami", {}), {
      id: "token:ci",
      scopes: ["node:read"],
    });
    const events = calls.subscribe("node/events", { last: 1 });
    match(JSON.stringify((await events.next()).value), /"kind":"/);
    const gone = rejects(Array.fromAsync(events));
    strictEqual((await machine.alknet("token", "revoke", "ci")).code, 0);
    await gone;
  }
  await ended;
});

/** A port that has TCP only and leads to another. */
function tcpOnly(started: AsyncDisposableStack, port: number): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const conn of listener) {
      const onward = await Deno.connect({ hostname: "127.0.0.1", port });
      conn.readable.pipeTo(onward.writable).catch(() => {});
      onward.readable.pipeTo(conn.writable).catch(() => {});
    }
  })();
  started.defer(async () => {
    listener.close();
    await accepting;
  });
  return listener.addr.port;
}
