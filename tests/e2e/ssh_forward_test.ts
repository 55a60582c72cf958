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
    const [local, remote, dynamic] = [freePort(), freePort(), freePort()];
    const remoteSocket = `/tmp/alknet-e2e-${crypto.randomUUID()}`;
    const to = `127.0.0.1:${port}`;
    const forwards = [
      ["-L", `${local}:${to}`],
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
    await using other = await SshLab.start();
    const plain = `ssh -A -F '${await other.configure("tls")}' head 'echo "<$SSH_AUTH_SOCK>"'`;
    const { out: none } = await other.run("ssh-agent", ["-a", other.path("a"), "sh", "-c", plain]);
    strictEqual(none, "<>\n");
  },
);
