/** What a careless owner and a hostile stranger do: one clear line each, and the node serves on. */
import { match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { cliArgs, Machine, runProgram, type ServingNode } from "./support/cli.ts";

function oneLine(text: string): string {
  const lines = text.trim().split("\n");
  strictEqual(lines.length, 1, text);
  return lines[0] ?? "";
}

Deno.test("a mistake in alknet.toml is one line with its place, and nothing starts", async () => {
  await using a = await Machine.fresh();
  await a.write("alknet.toml", "[limits]\nmax_conections = 5\n");
  for (const command of [["serve"], ["config", "check"]]) {
    const { code, err } = await a.alknet(...command);
    strictEqual(code, 3);
    match(oneLine(err), /alknet\.toml:2:1: .*did you mean "max_connections"/);
  }
});

Deno.test("a mistake in identities.toml stops a start; a running node keeps its peers", async () => {
  await using a = await Machine.fresh();
  await using node = await a.serve();
  await a.write("identities.toml", "[[peer]]\n");
  strictEqual((await a.alknet("peer", "list")).code, 3); // reads it too
  node.kill("SIGHUP");
  await logged(node, "reload.failed");
  const status = await a.json<{ nodeId: string }>("status");
  strictEqual(status.nodeId, node.nodeId);
  await using b = await Machine.fresh();
  await b.write("identities.toml", "[[peer]]\n");
  match(oneLine((await b.alknet("serve")).err), /identities\.toml:1:1: .*needs "id"/);
});

Deno.test("a port in use, a foreign address and a second node are one line each", async () => {
  await using a = await Machine.fresh();
  await using b = await Machine.fresh();
  await using node = await a.serve();
  const taken = await b.alknet("serve", "--listen", `127.0.0.1:${node.port}`);
  strictEqual(taken.code, 8, taken.err);
  match(oneLine(taken.err), /in use.*--listen/i);
  const foreign = await b.alknet("serve", "--listen", "203.0.113.9:4433");
  strictEqual(foreign.code, 8, foreign.err);
  oneLine(foreign.err);
  const second = await a.alknet("serve", "--listen", "127.0.0.1:0");
  strictEqual(second.code, 8);
  match(oneLine(second.err), /already running/);
});

Deno.test("an unreadable key file and a broken vault are one line that says what to do", async () => {
  await using a = await Machine.fresh();
  await a.alknet("init");
  await Deno.chmod(join(a.home, "vault.json.key"), 0o644);
  const loose = await a.alknet("serve");
  strictEqual(loose.code, 7, loose.err);
  match(oneLine(loose.err), /chmod 600/);
  await Deno.chmod(join(a.home, "vault.json.key"), 0o600);
  await Deno.writeTextFile(join(a.home, "vault.json"), "{");
  const broken = await a.alknet("serve");
  strictEqual(broken.code, 7, broken.err);
  oneLine(broken.err);
});

Deno.test("after kill -9 the same node starts again at once", async () => {
  await using a = await Machine.fresh();
  const killed = await a.serve();
  killed.kill("SIGKILL");
  await killed.status;
  await killed[Symbol.asyncDispose]();
  await using again = await a.serve();
  strictEqual(again.nodeId, killed.nodeId);
  strictEqual((await a.alknet("ping", again.target, "-c", "1")).code, 0);
});

testOrSkip("a clock ten minutes off does not matter", missing("faketime"), async () => {
  await using a = await Machine.fresh();
  await using node = await a.serve();
  for (const shift of ["-10m", "+10m"]) {
    const { code, err } = await runProgram("faketime", [
      ...["-f", shift, Deno.execPath(), ...cliArgs()],
      ...["ping", node.target, "-c", "1"],
    ], { env: a.env });
    strictEqual(code, 0, err);
  }
});

Deno.test("garbage, half-open handshakes and silence leave the node serving, and are counted", async () => {
  await using a = await Machine.fresh();
  await a.write("alknet.toml", "[limits]\nhandshake_timeout_ms = 500\n");
  await using node = await a.serve();
  await garbage(node);
  const silent = await Promise.all(Array.from({ length: 20 }, () => tcp(node)));
  for (const conn of silent) await conn.write(new Uint8Array([0x16, 0x03, 0x01, 0x02, 0x00]));
  strictEqual((await a.alknet("ping", node.target, "-c", "1")).code, 0);
  strictEqual((await a.alknet("ping", node.target, "-c", "1", "--transport", "tls")).code, 0);
  for (const conn of silent) {
    strictEqual(await conn.read(new Uint8Array(1)).catch(() => null), null); // closed by the timeout
    conn.close();
  }
  const { counters } = await a.json<{ counters: Record<string, number> }>("status");
  ok((counters.handshakeTimeout ?? 0) >= 20, JSON.stringify(counters));
  strictEqual(counters.active, 0, JSON.stringify(counters));
  strictEqual(counters.handshaking, 0, JSON.stringify(counters));
});

async function garbage(node: ServingNode): Promise<void> {
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: node.port };
  for (let index = 0; index < 500; index++) {
    const bytes = crypto.getRandomValues(new Uint8Array(1 + index * 2));
    if (index % 2) bytes[0] = (bytes[0] ?? 0) | 0xc0; // looks like a long header of QUIC
    await udp.send(bytes, to);
  }
  udp.close();
  for (const text of ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\0".repeat(4000)]) {
    using conn = await tcp(node);
    await conn.write(new TextEncoder().encode(text)).catch(() => {});
    await conn.read(new Uint8Array(100)).catch(() => {});
  }
}

function tcp(node: ServingNode): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port: node.port });
}

async function logged(node: ServingNode, event: string): Promise<void> {
  for (let waited = 0; !node.log.includes(event); waited++) {
    if (waited > 100) throw new TypeError(`Nothing about ${event} in: ${node.log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
