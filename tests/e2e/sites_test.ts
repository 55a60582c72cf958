/**
 * The story of a node as one's own ingress: files, programs behind it, another node's pages, and a
 * program that speaks the call protocol where only HTTP gets through.
 */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { X509Certificate } from "node:crypto";

import { callOverWebSocket } from "@alknet/call";
import type { NodeStatus } from "../../src/cli/node/status.ts";

import { missing, testOrSkip } from "../tools/skip.ts";
import { Machine, runProgram, type ServingNode } from "./support/cli.ts";

/** A machine with a node on it that answers to "localhost", and a way to ask it. */
async function webNode(
  started: AsyncDisposableStack,
  toml: string,
  ...names: readonly string[]
): Promise<{
  machine: Machine;
  node: ServingNode;
  curl(path: string, ...more: string[]): Promise<string>;
}> {
  const machine = started.use(await Machine.fresh());
  strictEqual((await machine.alknet("init")).code, 0);
  const all = JSON.stringify(["localhost", "app.localhost", ...names]);
  await machine.write("alknet.toml", `[node]\nnames = ${all}\n${toml}`);
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
        '[node]\nnames = ["localhost"]\n[[site]]\nupstreams = ["peer:home"]\nhealth_path = "/"\n',
      );
      const node = started.use(await front.serve());
      const ca = await front.write("ca.pem", (await front.alknet("id", "--ca")).out);
      const common = ["-sS", "--max-time", "20", "--noproxy", "*", "--cacert", ca];
      for (let round = 0; round < 3; round++) {
        const url = `https://localhost:${node.port}/`;
        const { out, err } = await runProgram("curl", [...common, url]);
        strictEqual(out, "<h1>at home</h1>", err);
      }
      const { upstreams: [home] } = await front.json<Pick<NodeStatus, "upstreams">>("status");
      deepStrictEqual([home?.site, home?.upstream, home?.state], ["*/", "peer:home", "up"]);
    },
  );
}

testOrSkip(
  "a server that fails its checks is asked no more, and the log, status and metrics say so",
  missing("curl"),
  async () => {
    await using started = new AsyncDisposableStack();
    let status = 200;
    const behind = started.use(
      Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
        const { pathname } = new URL(request.url);
        return new Response("here", { status: pathname === "/up" ? status : 200 });
      }),
    );
    const url = `http://127.0.0.1:${behind.addr.port}`;
    const site = `[[site]]\nhost = "app.localhost"\nupstreams = ["${url}"]\n` +
      `health_path = "/up"\nhealth_interval_ms = 100\nhealth_failures = 2\n`;
    const { machine, node, curl } = await webNode(started, site);
    const app = `https://app.localhost:${node.port}/`;
    const to = ["--resolve", `app.localhost:${node.port}:127.0.0.1`, "-w", " %{http_code}"];
    const answers = async (wanted: RegExp): Promise<void> => {
      while (!wanted.test(await curl(app, ...to)));
    };
    await answers(/^here 200$/);
    status = 503;
    await answers(/ 502$/);
    match(node.log, /upstream\.unhealthy site=app\.localhost\/ upstream=\S+ problem="Status 503"/);
    match(
      (await machine.alknet("status")).out,
      /app\.localhost\/ +http:\S+ +unhealthy .*Status 503/,
    );
    const { token } = await machine.json<{ token: string }>(
      ...["token", "create", "prometheus", "--scope", "metrics:read", "--scope", "node:read"],
    );
    const bearer = ["-H", `authorization: Bearer ${token}`];
    const labels = `{site="app.localhost/",upstream="${url}"}`;
    const metrics = await curl("/metrics", ...bearer);
    ok(metrics.includes(`alknet_upstream_up${labels} 0\n`), metrics);
    match(metrics, /^alknet_upstream_checks_total\{.*result="failed"\} [1-9]/m);
    const [listed] = JSON.parse(await curl("/op/upstreams/list", ...bearer));
    strictEqual(listed.state, "unhealthy");
    status = 200;
    await answers(/^here 200$/);
    match(node.log, /upstream\.healthy site=app\.localhost\//);
  },
);

testOrSkip(
  "a page of a site is at no host where a browser is somebody",
  missing("curl") ?? missing("openssl"),
  async () => {
    // A site without a host answered at the dashboard's own origin: its scripts could read the pages
    // there by the cookie of whoever was signed in, and press their buttons.
    await using started = new AsyncDisposableStack();
    const folder = started.use(await Machine.fresh());
    await folder.write("evil.html", "<script>fetch('/ui/operations/tokens/create')</script>");
    const site = `[[site]]\nroot = "${folder.home}"\n`;
    {
      const { machine, node } = await webNode(started, site);
      const none = await machine.alknet("dashboard", node.target);
      strictEqual(none.code, 12);
      match(none.err, /A site without a host answers everywhere: .* own_hosts in \[http\]/);
    }
    const { machine, node, curl } = await webNode(
      started,
      `[http]\nown_hosts = ["127.0.0.1"]\n${site}`,
      "127.0.0.1",
    );
    const { url } = await machine.json<{ url: string }>("dashboard", node.target);
    match(url, /^https:\/\/127\.0\.0\.1:/);
    const [, cookie = ""] = /set-cookie: ([^;]+)/i.exec(await curl(url, "-i")) ?? [];
    const own = `https://127.0.0.1:${node.port}`;
    match(await curl(`${own}/`, "-b", cookie), /Overview/);
    match(await curl(`${own}/evil.html`, "-b", cookie), /404 Not Found/);
    match(await curl("/evil.html"), /<script>/);
    match(await curl("/", "-b", cookie), /Not found/);
    match(await curl("/ui/operations", "-b", cookie), /Not found/);
    match(await curl(url.replace("127.0.0.1", "localhost")), /Not found/);

    // Nor is a visitor there who its certificate says.
    const { key, cert, fingerprint } = await clientCertificate(machine);
    const added = await machine.alknet("peer", "add", "browser", "--fingerprint", fingerprint);
    strictEqual(added.code, 0, added.err);
    const shown = ["--key", key, "--cert", cert, "--json", "{}"];
    match(await curl(`${own}/op/peers/whoami`, ...shown), /"browser"/);
    strictEqual(await curl("/op/peers/whoami", ...shown, "-w", "%{http_code}"), "405");
  },
);

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

/** A key and certificate such as browsers have, and what a node knows it by. */
async function clientCertificate({ home }: Machine) {
  const [key, cert] = [`${home}/key.pem`, `${home}/cert.pem`];
  const files = ["-keyout", key, "-out", cert];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const made = await runProgram("openssl", ["req", "-x509", ...kind, "-subj", "/CN=me", ...files]);
  strictEqual(made.code, 0, made.err);
  const { fingerprint256 } = new X509Certificate(await Deno.readTextFile(cert));
  return { key, cert, fingerprint: `SHA256:${fingerprint256.replaceAll(":", "").toLowerCase()}` };
}

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
