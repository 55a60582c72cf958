/**
 * The story of a node that gets certificates from an ACME server: Debian's pebble, made by those of
 * Let's Encrypt to find the faults of clients. It refuses a fifth of all good nonces.
 */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { freePort } from "../tools/free_port.ts";
import { until } from "../core/support.ts";
import { missing, testOrSkip } from "../tools/skip.ts";
import { configure, NAME } from "./support/acme.ts";
import { Machine, runProgram, type ServingNode } from "./support/cli.ts";
import { noPebble, startPebble } from "./support/pebble.ts";

const ABSENT = noPebble() ?? missing("curl");

testOrSkip("by tls-alpn-01 a node gets a certificate that curl takes", ABSENT, async () => {
  const port = freePort();
  await using pebble = await startPebble({ tlsPort: port });
  await using machine = await Machine.fresh();
  await configure(machine, pebble);
  await using node = await machine.serve("--listen", `127.0.0.1:${port}`);
  await issued(node);
  strictEqual(await curl(machine, node, await pebble.root()), "200");
  const { code, err } = await machine.alknet("ping", node.target, "--count", "1");
  strictEqual(code, 0, err);
  const { acme } = await machine.json<{ acme: Record<string, unknown> }>("status");
  deepStrictEqual([acme.names, acme.state, acme.failures], [[NAME], "waiting", 0]);
  match((await machine.alknet("status")).out, /certificate for node\.example until 20/);
});

testOrSkip(
  "a node that starts again orders nothing, and its keys are private",
  ABSENT,
  async () => {
    await using machine = await Machine.fresh();
    const root = await orderOnce(machine); // and the authority is gone
    await using node = await machine.serve();
    strictEqual(await curl(machine, node, root), "200");
    const kept = await Array.fromAsync(Deno.readDir(join(machine.home, "acme")));
    strictEqual(kept.length, 2);
    for (const { name } of kept) {
      const { mode } = await Deno.stat(join(machine.home, "acme", name));
      strictEqual((mode ?? 0) & 0o777, 0o600, name);
    }
  },
);

testOrSkip("without an authority the node serves, and its status says why", ABSENT, async () => {
  await using machine = await Machine.fresh();
  const directoryUrl = `https://localhost:${freePort()}/dir`;
  await using pebble = await startPebble();
  await configure(machine, { ...pebble, directoryUrl });
  await using node = await machine.serve();
  await until(() => node.log.includes("acme.failed"), 15_000);
  const { code } = await machine.alknet("ping", node.target, "--count", "1");
  strictEqual(code, 0);
  match((await machine.alknet("status")).out, /not there yet[\s\S]*no answer from https:/);
});

/** Has a node order a certificate by http-01; returns the root that it is verified with. */
async function orderOnce(machine: Machine): Promise<string> {
  const httpPort = freePort();
  await using pebble = await startPebble({ httpPort });
  const http = `challenges = ["http-01"]\nhttp_address = "127.0.0.1:${httpPort}"`;
  await configure(machine, pebble, http);
  await using node = await machine.serve();
  await issued(node);
  return await pebble.root();
}

async function issued(node: ServingNode): Promise<void> {
  await until(() => node.log.includes("acme.issued"), 15_000);
}

/** Asks the node by its public name, as a stranger who trusts the authority and nothing else. */
async function curl(machine: Machine, { port }: ServingNode, root: string): Promise<string> {
  const ca = await machine.write("root.pem", root);
  const { out, err } = await runProgram("curl", [
    ...["-sS", "--max-time", "20", "--noproxy", "*", "--cacert", ca],
    ...["--resolve", `${NAME}:${port}:127.0.0.1`, "-o", "/dev/null", "-w", "%{http_code}"],
    `https://${NAME}:${port}/healthz`,
  ]);
  return out + err;
}
