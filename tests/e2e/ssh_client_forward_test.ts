/** `alknet forward` and `alknet socks` with curl, sockets and datagrams, and what ends them. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { decodeSocksDatagram, encodeSocksDatagram } from "@alknet/socks";

import { freePort } from "../tools/free_port.ts";
import { missing, testOrSkip } from "../tools/skip.ts";
import { Forwarding } from "./support/forwarding.ts";
import { SshLab } from "./support/ssh.ts";

const noPrograms = missing("ssh-keygen") ?? missing("curl");
const BODY = "0123456789abcdef".repeat(100_000);

/** A web server on loopback that sends {@linkcode BODY}. */
function webServer(): Deno.HttpServer<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  return Deno.serve(options, () => new Response(BODY));
}

/** A node with rules for forwarding to one port, and all that listens. */
async function labFor(port: number): Promise<SshLab> {
  return await SshLab.start({
    config: [
      `forward = ["allow 127.0.0.1:${port} for alice", "allow localhost:${port} for alice"]`,
      `listen = ["allow 127.0.0.1:1024-65535"]`,
      `sockets = ["/tmp/alknet-e2e-*"]`,
    ],
  });
}

/** Starts a command on the client with alice's key. */
function forwarding(lab: SshLab, command: string, ...args: readonly string[]): Forwarding {
  return Forwarding.start(lab.client, command, lab.serving.target, "-i", lab.path("id"), ...args);
}

async function curl(lab: SshLab, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await lab.run("curl", ["-sS", "-m", "20", ...args]);
  if (code !== 0) throw new TypeError(`curl ${args.join(" ")} ended with ${code}: ${err}`);
  return out;
}

testOrSkip("alknet forward carries ports and Unix sockets, each way", noPrograms, async () => {
  await using web = webServer();
  const { port } = web.addr;
  await using lab = await labFor(port);
  const to = `127.0.0.1:${port}`;
  const socket = `/tmp/alknet-e2e-${crypto.randomUUID()}`;
  const [far, near] = [`${socket}-far`, `${socket}-near`];
  const remote = freePort();
  await using running = forwarding(
    lab,
    "forward",
    ...["-L", `0:${to}`, "-L", `${near}:${to}`, "-R", `${remote}:${to}`, "-R", `${far}:${to}`],
    ...["-L", `0:${far}`, "-D", "0"],
  );
  const local = await running.address(`0:${to}`);
  const throughSocket = await running.address(`0:${far}`);
  const proxy = await running.address("0");
  await running.until(({ event }) => event === "connected");
  const urls: readonly (readonly string[])[] = [
    [`http://${local}/`],
    ["--unix-socket", near, "http://x/"],
    [`http://127.0.0.1:${remote}/`],
    ["--unix-socket", far, "http://x/"],
    [`http://${throughSocket}/`],
    ["--socks5-hostname", proxy, `http://${to}/`],
  ];
  for (const url of urls) ok(await curl(lab, ...url) === BODY, url.join(" "));
});

testOrSkip("alknet socks speaks SOCKS 4a and 5 and HTTP CONNECT", noPrograms, async () => {
  await using web = webServer();
  const { port } = web.addr;
  await using lab = await labFor(port);
  await using running = forwarding(lab, "socks", "--listen", "127.0.0.1:0");
  const proxy = await running.address("127.0.0.1:0");
  const url = `http://localhost:${port}/`;
  for (const how of ["--socks5-hostname", "--socks4a"]) {
    ok(await curl(lab, how, proxy, url) === BODY, how);
  }
  ok(await curl(lab, "--socks5", proxy, `http://127.0.0.1:${port}/`) === BODY);
  ok(await curl(lab, "--proxytunnel", "--proxy", `http://${proxy}`, url) === BODY);
  const refused = await lab.run("curl", ["-sS", "--socks5-hostname", proxy, "http://127.0.0.1:1/"]);
  strictEqual(refused.code, 97);
  match(refused.err, /\(2\)|not allowed/i); // 2: not allowed by ruleset
});

testOrSkip("datagrams go through a proxy and a forward, and back", noPrograms, async () => {
  const echo = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = echo.addr as Deno.NetAddr;
  const echoing = (async () => {
    for await (const [datagram, from] of echo) {
      await echo.send(new TextEncoder().encode(`echo ${new TextDecoder().decode(datagram)}`), from);
    }
  })().catch(() => {});
  try {
    await using lab = await labFor(port);
    const forward = `udp://0:127.0.0.1:${port}`;
    await using running = forwarding(lab, "forward", "-L", forward, "-D", "0");
    const local = await running.address(forward);
    const proxy = await running.address("0");
    strictEqual(await askByUdp(local, new TextEncoder().encode("hello")), "echo hello");
    strictEqual(await askBySocks(proxy, port, "hi"), "echo hi");
  } finally {
    echo.close();
    await echoing;
  }
});

testOrSkip("alknet forward comes back when the node does", noPrograms, async () => {
  await using web = webServer();
  const to = `127.0.0.1:${web.addr.port}`;
  await using lab = await labFor(web.addr.port);
  const remote = freePort();
  await using running = forwarding(lab, "forward", "-L", `0:${to}`, "-R", `${remote}:${to}`);
  const local = await running.address(`0:${to}`);
  await running.until(({ event }) => event === "connected");
  ok(await curl(lab, `http://${local}/`) === BODY);
  lab.serving.kill("SIGKILL");
  await lab.serving.status;
  await running.until(({ event }) => event === "lost");
  await using _again = await lab.node.serve("--listen", `127.0.0.1:${lab.serving.port}`);
  await running.until(({ event }) => event === "connected");
  ok(await curl(lab, `http://${local}/`) === BODY);
  ok(await curl(lab, `http://127.0.0.1:${remote}/`) === BODY);
});

testOrSkip("removing a peer ends its forwards, at once and for good", noPrograms, async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = server.addr;
  await using lab = await labFor(port);
  const to = `127.0.0.1:${port}`;
  await using running = forwarding(lab, "forward", "-L", `0:${to}`);
  const local = await running.address(`0:${to}`);
  await running.until(({ event }) => event === "connected");
  using near = await Deno.connect({ port: Number(local.split(":")[1]) });
  using far = await server.accept();
  await far.write(new Uint8Array(3));
  strictEqual(await near.read(new Uint8Array(9)), 3);
  strictEqual((await lab.node.alknet("peer", "remove", "alice")).code, 0);
  strictEqual(await far.read(new Uint8Array(9)).catch(() => null), null);
  strictEqual(await near.read(new Uint8Array(9)).catch(() => null), null);
  await running.until(({ event, reason }) => event === "lost" && reason === "permission withdrawn");
  const { code, err } = await running.end();
  strictEqual(code, 5);
  match(err, /does not let you in/);
});

testOrSkip("a destination that is refused is told of, with its reason", noPrograms, async () => {
  await using lab = await labFor(1);
  await using running = forwarding(lab, "forward", "-L", "0:127.0.0.1:2", "-L", "0:127.0.0.1:1");
  const refused = await running.address("0:127.0.0.1:2");
  const dead = await running.address("0:127.0.0.1:1");
  await running.until(({ event }) => event === "connected");
  for (const [local, why] of [[refused, /not allowed/], [dead, /cannot be reached/]] as const) {
    using near = await Deno.connect({ port: Number(local.split(":")[1]) });
    strictEqual(await near.read(new Uint8Array(9)).catch(() => null), null);
    match((await running.until(({ event }) => event === "failed")).reason ?? "", why);
  }
});

testOrSkip("forwarding says what is wrong, and how to put it right", noPrograms, async () => {
  await using lab = await SshLab.start();
  const { target } = lab.serving;
  const key = ["-i", lab.path("id")];
  const open = await lab.client.alknet("socks", target, ...key, "--listen", "0.0.0.0:0");
  deepStrictEqual([open.code, /--danger-listen/.test(open.err)], [2, true], open.err);
  const remote = await lab.client.alknet("forward", target, ...key, "-R", "0:127.0.0.1:1");
  deepStrictEqual([remote.code, /ssh:listen/.test(remote.err)], [8, true], remote.err);
  strictEqual((await lab.client.alknet("forward", target, ...key)).code, 2);
  const stranger = ["-i", lab.path("stranger")];
  strictEqual((await lab.client.alknet("socks", target, ...stranger)).code, 5);
  const nowhere = target.replace(/:\d+$/, `:${freePort()}`);
  strictEqual((await lab.client.alknet("socks", nowhere, ...key, "--timeout", "5")).code, 4);
});

async function askByUdp(address: string, question: Uint8Array): Promise<string> {
  const [hostname = "", port] = address.split(":");
  const answer = await exchange(question, { hostname, port: Number(port) });
  return new TextDecoder().decode(answer);
}

async function exchange(
  question: Uint8Array,
  to: { hostname: string; port: number },
): Promise<Uint8Array> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    await socket.send(question, { transport: "udp", ...to });
    const [answer] = await socket.receive();
    return answer;
  } finally {
    socket.close();
  }
}

/** RFC 1928 sections 3, 4 and 7, for one datagram. */
async function askBySocks(proxy: string, port: number, question: string): Promise<string> {
  const [hostname = "", proxyPort] = proxy.split(":");
  using control = await Deno.connect({ hostname, port: Number(proxyPort) });
  const reply = new Uint8Array(10);
  await control.write(new Uint8Array([5, 1, 0]));
  await control.read(reply.subarray(0, 2));
  await control.write(new Uint8Array([5, 3, 0, 1, 0, 0, 0, 0, 0, 0]));
  for (let at = 0; at < 10;) at += await control.read(reply.subarray(at)) ?? 10;
  strictEqual(reply[1], 0);
  const payload = new TextEncoder().encode(question);
  const address = { hostname: "127.0.0.1", port };
  const relay = new DataView(reply.buffer).getUint16(8);
  const answer = await exchange(encodeSocksDatagram({ address, payload }), {
    hostname: "127.0.0.1",
    port: relay,
  });
  return new TextDecoder().decode(decodeSocksDatagram(answer)?.payload);
}
