/** OpenSSH's forwarding through a node, each way, and the rules that bound it. */
import { match, ok, strictEqual } from "node:assert/strict";

import { freePort } from "../tools/free_port.ts";
import { missing, testOrSkip } from "../tools/skip.ts";
import { SshLab, untilListening } from "./support/ssh.ts";

const noPrograms = missing("ssh") ?? missing("ssh-keygen") ?? missing("curl");
const BODY = "0123456789abcdef".repeat(100_000);

/** A web server on loopback that sends {@linkcode BODY}. */
function webServer(): Deno.HttpServer<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  return Deno.serve(options, () => new Response(BODY));
}

/** The same on a socket. */
function socketServer(path: string): Deno.HttpServer<Deno.UnixAddr> {
  return Deno.serve({ path, onListen: () => {} }, () => new Response(BODY));
}

function socketPath(): string {
  return `/tmp/alknet-e2e-${crypto.randomUUID()}`;
}

for (const way of ["quic", "tls", "tcp"] as const) {
  testOrSkip(`ssh forwards ports and sockets, each way, over ${way}`, noPrograms, async () => {
    await using web = webServer();
    const { port } = web.addr;
    await using lab = await SshLab.start({
      config: [
        `forward = ["allow 127.0.0.1:${port} for alice"]`,
        `listen = ["allow 127.0.0.1:1024-65535"]`,
        `sockets = ["/tmp/alknet-e2e-*"]`,
      ],
    });
    const config = await lab.configure(way);
    const [local, toSocket, remote, dynamic] = [freePort(), freePort(), freePort(), freePort()];
    const [localSocket, nodeSocket, remoteSocket] = [socketPath(), socketPath(), socketPath()];
    await using _there = socketServer(nodeSocket);
    const to = `127.0.0.1:${port}`;
    const forwards = [
      ["-L", `${local}:${to}`],
      ["-L", `${toSocket}:${nodeSocket}`],
      ["-L", `${localSocket}:${nodeSocket}`],
      ["-R", `${remote}:${to}`],
      ["-D", String(dynamic)],
      ["-R", `${remoteSocket}:${to}`],
    ];
    const options = ["-o", "ExitOnForwardFailure=yes"];
    const child = lab.spawn("ssh", ["-F", config, ...options, "-N", ...forwards.flat(), "head"]);
    try {
      await untilListening(remote);
      const urls: readonly (readonly string[])[] = [
        [`http://127.0.0.1:${local}/`],
        [`http://127.0.0.1:${toSocket}/`],
        ["--unix-socket", localSocket, "http://x/"],
        [`http://127.0.0.1:${remote}/`],
        ["--socks5-hostname", `127.0.0.1:${dynamic}`, `http://${to}/`],
        ["--unix-socket", remoteSocket, "http://x/"],
      ];
      for (const url of urls) {
        const { code, out } = await lab.run("curl", ["-sS", "-m", "15", ...url]);
        strictEqual(code, 0, url.join(" "));
        ok(out === BODY, `${url.join(" ")}: ${out.length} bytes`);
      }
      const denied = ["--socks5-hostname", `127.0.0.1:${dynamic}`, "http://127.0.0.1:1/"];
      ok((await lab.run("curl", ["-sS", "-m", "15", ...denied])).code !== 0);
      const piped = await lab.ssh(config, ["-W", to, "head"], "GET / HTTP/1.0\r\n\r\n");
      ok(piped.out.endsWith(BODY), `-W: ${piped.out.length} bytes: ${piped.err}`);
    } finally {
      child.kill("SIGTERM");
      await child.status;
    }
  });
}

testOrSkip("forwarding that no rule or scope allows is refused", noPrograms, async () => {
  await using web = webServer();
  const to = `127.0.0.1:${web.addr.port}`;
  await using lab = await SshLab.start({
    config: [`forward = ["allow *:*"]`],
    scopes: ["ssh:exec"],
  });
  const config = await lab.configure("tcp");
  const info = ["-o", "LogLevel=INFO"];
  const direct = await lab.ssh(config, [...info, "-W", to, "head"]);
  match(direct.err, /administratively prohibited/);
  const listen = ["-o", "ExitOnForwardFailure=yes", "-R", `0:${to}`];
  match((await lab.ssh(config, [...info, ...listen, "-N", "head"])).err, /forwarding failed/i);
});

testOrSkip(
  "agents are forwarded where the node offers it, and not otherwise",
  noPrograms,
  async () => {
    await using lab = await SshLab.start({ config: [`offer = ["exec", "agent"]`] });
    const config = await lab.configure("tls");
    const agent = lab.path("agent.sock");
    const inAgent = `ssh-add -q '${lab.path("id")}' && ssh -A -F '${config}' head ssh-add -l`;
    const { code, out } = await lab.run("ssh-agent", ["-a", agent, "sh", "-c", inAgent]);
    strictEqual(code, 0, out);
    match(out, /SHA256:\S+ .*\(ED25519\)/);

    // From there on, with the key that is still at home.
    const again =
      `ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes` +
      ` -p ${lab.tcpPort} alice@127.0.0.1 echo further`;
    const nested = `ssh-add -q '${lab.path("id")}' && ssh -A -F '${config}' head "${again}"`;
    const further = await lab.run("ssh-agent", ["-a", lab.path("b.sock"), "sh", "-c", nested]);
    strictEqual(further.out, "further\n", further.err);

    await using other = await SshLab.start();
    const plain = `ssh -A -F '${await other.configure("tls")}' head 'echo "<$SSH_AUTH_SOCK>"'`;
    const { out: none } = await other.run("ssh-agent", ["-a", other.path("a"), "sh", "-c", plain]);
    strictEqual(none, "<>\n");
  },
);
