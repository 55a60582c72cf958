/** Operations of nodes, called with the command line: of a node, of its peers, of their peers. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { Machine } from "./support/cli.ts";
import { Cluster, until, workerOf } from "./support/workers.ts";

/** A node, and a machine that has joined it as "b" and calls it "head". */
async function joined(
  scopes: readonly string[],
): Promise<{ a: Machine; b: Machine } & AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const a = started.use(await Machine.fresh());
  const b = started.use(await Machine.fresh());
  started.use(await a.serve());
  strictEqual((await b.alknet("init")).code, 0);
  const { out } = await a.alknet("invite", ...scopes.flatMap((scope) => ["--scope", scope]));
  const { code, err } = await b.alknet("join", out.trim(), "--name", "b", "--as", "head");
  strictEqual(code, 0, err);
  const all = started.move();
  return { a, b, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

for (const transport of ["quic", "tls"]) {
  Deno.test(`a peer finds and calls what its scopes allow, and nothing else, over ${transport}`, async () => {
    await using pair = await joined(["node:read"]);
    const by = ["--transport", transport];
    const listed = await pair.b.json<{ name: string }[]>("ops", "head", ...by);
    const names = listed.map(({ name }) => name);
    ok(names.includes("node/info") && !names.includes("peers/list"), names.join());

    const info = await pair.b.json<{ version: string }>("call", "head", "node/info", ...by);
    match(info.version, /^\d+\.\d+\.\d+$/);
    const me = await pair.b.json("call", "head", "peers/whoami", "{}", ...by);
    deepStrictEqual(me, { id: "b", scopes: ["node:read"] });

    const hidden = await pair.b.alknet("call", "head", "peers/list", ...by);
    strictEqual(hidden.code, 10);
    match(hidden.err, /^alknet: NOT_FOUND: /); // whether it exists is not told
    const wrong = await pair.b.alknet("call", "head", "services/schema", '{"nme":1}', ...by);
    strictEqual(wrong.code, 2);
    match(wrong.err, /INVALID_INPUT/);
    strictEqual((await pair.b.alknet("call", "head", "node/info", "{", ...by)).code, 2);
  });
}

Deno.test("a subscription prints events as they happen, and ends with Ctrl-C or a revocation", async () => {
  await using pair = await joined(["node:read"]);
  for (const end of ["SIGINT", "revocation"]) {
    const following = pair.b.spawn("call", "head", "node/events", "--json");
    const reader = following.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const first = reader.read();
    while (await Promise.race([first, waited(300)]) === undefined) {
      strictEqual((await pair.a.alknet("group", "put", "dev", "--scope", "git:read")).code, 0);
    }
    match((await first).value ?? "", /"kind":"(group\.changed|connection\.opened)"/);
    if (end === "SIGINT") following.kill("SIGINT");
    else strictEqual((await pair.a.alknet("peer", "disable", "b")).code, 0);
    const { code } = await following.status;
    strictEqual(code === 0, end === "SIGINT", `${end}: ${code}`);
    await Promise.all([reader.cancel(), following.stdin.close(), following.stderr.cancel()]);
  }
});

/** What `disk/free` of a worker answers. */
interface Free {
  readonly worker: string;
  readonly caller: string;
  readonly forwardedFor: string | null;
  readonly furtherBack: string | null;
  readonly hops: number;
}

Deno.test("three workers with the same operations are reached by name and by any, both ways", async () => {
  await using cluster = await Cluster.start();
  const { head, node, workers } = cluster;

  for (const [index, name] of ["w1", "w2", "w3"].entries()) {
    const free = await head.json<Free>("call", node.target, "--peer", name, "disk/free");
    strictEqual(free.worker, workers[index]?.machine.home);
    deepStrictEqual([free.caller, free.forwardedFor, free.hops], ["head", "owner", 1]);
  }
  const reached = new Set<string>();
  for (let n = 0; n < 3; n++) {
    const free = await head.json<Free>("call", node.target, "--any", "disk/free", "{}");
    reached.add(free.worker);
  }
  strictEqual(reached.size, 3);

  const unknown = await head.alknet("call", node.target, "--peer", "w9", "disk/free");
  strictEqual(unknown.code, 10);
  match(unknown.err, /NOT_FOUND: Peer not attached: w9/);

  // The other way, on the connection that the worker dialled: the worker asks the head.
  const [first] = workers;
  ok(first);
  const info = await first.machine.json<{ nodeId: string }>(
    "call",
    first.node.target,
    "--peer",
    "head",
    "node/info",
  );
  strictEqual(info.nodeId, node.nodeId);
  // And a peer with no right to call the head's other peers is told nothing of them.
  const me = await first.machine.json<unknown[]>("call", "head", "services/list-peers", "{}");
  deepStrictEqual(me, []);
  const refused = await first.machine.alknet("call", "head", "--peer", "w2", "disk/free");
  strictEqual(refused.code, 5);
  match(refused.err, /FORBIDDEN/);

  // What the head lets it do from now on, it learns without connecting anew.
  strictEqual((await head.alknet("peer", "add", "w1", "--scope", "peers:call:w2")).code, 0);
  const relayed = ["call", first.node.target, "--peer", "head", "peers/call"];
  const input = JSON.stringify({ peer: "w2", operation: "disk/free" });
  await until(async () => (await first.machine.alknet(...relayed, input)).code === 0);
  const far = await first.machine.json<Free>(...relayed, input);
  deepStrictEqual([far.caller, far.forwardedFor, far.furtherBack], ["head", "w1", "owner"]);
  deepStrictEqual([far.worker, far.hops], [workers[1]?.machine.home, 2]);

  const items = head.spawn("call", node.target, "--peer", "w2", "disk/watch", "--json");
  const reader = items.stdout.pipeThrough(new TextDecoderStream()).getReader();
  match((await reader.read()).value ?? "", /^0\n/);
  items.kill("SIGINT");
  strictEqual((await items.status).code, 0);
  await Promise.all([reader.cancel(), items.stdin.close(), items.stderr.cancel()]);
});

Deno.test("a worker that stops is gone at once; stopped or killed, it is reachable when it is back", async () => {
  await using cluster = await Cluster.start();
  const { head, node, workers } = cluster;
  const [first] = workers;
  ok(first);
  await first.stop("SIGTERM");
  await cluster.attached(["w2", "w3"]);
  const gone = await head.alknet("call", node.target, "--peer", "w1", "disk/free");
  match(gone.err, /NOT_FOUND: Peer not attached: w1/);
  await first.restart();
  await cluster.attached(["w1", "w2", "w3"]);

  // Killed, it says no goodbye: its new connection takes the place of the one that is dead.
  await first.stop("SIGKILL");
  await first.restart();
  await until(() => Promise.resolve(node.log.split("peer.attached peer=w1").length === 4));
  const free = await head.json<Free>("call", node.target, "--peer", "w1", "disk/free");
  strictEqual(free.worker, first.machine.home);

  // When the head is restarted, its workers come back by themselves.
  await cluster.restartHead();
  await cluster.attached(["w1", "w2", "w3"]);
  const again = await head.json<Free>("call", cluster.node.target, "--peer", "w3", "disk/free");
  strictEqual(again.caller, "head");
});

Deno.test("a call that runs on a worker ends within 100 ms of the worker's being disabled", async () => {
  await using cluster = await Cluster.start();
  const { head, node, workers } = cluster;
  const [, second] = workers;
  ok(second);
  const call = head.spawn("call", node.target, "--peer", "w2", "disk/hang");
  await until(() => exists(`${second.machine.home}/hanging`));
  let endedAt = 0;
  const ended = call.status.then((status) => {
    endedAt = performance.now();
    return status;
  });
  strictEqual((await head.alknet("peer", "disable", "w2")).code, 0);
  const disabledAt = performance.now();
  strictEqual((await ended).success, false);
  match(await new Response(call.stderr).text(), /UNAVAILABLE/);
  await Promise.all([call.stdout.cancel(), call.stdin.close()]);
  const lateMs = endedAt - disabledAt;
  ok(lateMs < 100, `ended ${lateMs} ms after the command`);
  await cluster.attached(["w1", "w3"]);
  const gone = await head.alknet("call", node.target, "--peer", "w2", "disk/free");
  match(gone.err, /NOT_FOUND: Peer not attached: w2/);
});

Deno.test("a head of heads offers what [[reexport]] says, and every hop is known to the worker", async () => {
  await using started = new AsyncDisposableStack();
  const top = started.use(await Machine.fresh());
  const rules = `[[reexport]]\noperations = ["disk/*"]\nscopes = ["fleet:disk"]\n`;
  await top.write("alknet.toml", `${rules}prefix = "fleet"\n`);
  const topNode = started.use(await top.serve());
  // The middle is a worker of the top and the head of w1; it offers w1's operations as its own.
  const config = `${rules}peer = "w1"\n`;
  const middle = started.use(
    await workerOf(top, "middle", { config, modules: [] }),
  );
  const low = started.use(await workerOf(middle.machine, "w1"));
  const person = started.use(await Machine.fresh());
  const invited = await top.alknet("invite", "--scope", "fleet:disk", "--scope", "disk:read");
  strictEqual((await person.alknet("init")).code, 0);
  const options = ["--name", "ada", "--as", "head"];
  strictEqual((await person.alknet("join", invited.out.trim(), ...options)).code, 0);

  await until(async () => (await person.alknet("ops", "head", "fleet/disk/free")).code === 0);
  const free = await person.json<Free>("call", "head", "fleet/disk/free", "{}");
  strictEqual(free.worker, low.machine.home);
  deepStrictEqual(free, {
    worker: low.machine.home,
    caller: "head",
    forwardedFor: "head",
    furtherBack: "ada",
    hops: 2,
  });
  ok(topNode.port > 0);
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function waited(ms: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return undefined;
}
