/**
 * Several nodes on one store: a peer added on one may connect to all, and revoked is thrown out of
 * all at once. Once on an SQLite file, once on PostgreSQL.
 */
import { dial, parseTarget } from "@alknet/client";
import {
  type Connection,
  EnrolmentError,
  formatNodeId,
  generateNodeKey,
  type NodeKey,
} from "@alknet/core";
import { ALPN as JOIN_ALPN, joinOver } from "@alknet/join";
import { ALPN as PING_ALPN, pingOver } from "@alknet/ping";
import { decodeTicket } from "@alknet/client";
import { match, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { postgresMissing, startPostgres } from "../tools/postgres.ts";
import { testOrSkip } from "../tools/skip.ts";
import { Machine, type ServingNode } from "./support/cli.ts";

/** What the issue asks for: a revoked peer is out everywhere within this time. */
const REVOCATION_MS = 100;
const JOINS_AT_ONCE = 50;

/** Two machines with a node each, on one store. */
interface Cluster extends AsyncDisposable {
  readonly machines: readonly [Machine, Machine];
  readonly nodes: readonly [ServingNode, ServingNode];
}

async function cluster(url: string): Promise<Cluster> {
  await using started = new AsyncDisposableStack();
  const one = started.use(await Machine.fresh());
  const two = started.use(await Machine.fresh());
  for (const machine of [one, two]) await machine.write("alknet.toml", `[store]\nurl = "${url}"\n`);
  const nodes = [started.use(await one.serve()), started.use(await two.serve())] as const;
  const all = started.move();
  return { machines: [one, two], nodes, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function onSqlite(test: (url: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "alknet store " });
  try {
    await test(`sqlite:${join(directory, "shared.db")}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function onPostgres(test: (url: string) => Promise<void>): Promise<void> {
  await using server = await startPostgres();
  await test(server.url);
}

const STORES = [
  { name: "an SQLite file", missing: undefined, run: onSqlite },
  { name: "PostgreSQL", missing: postgresMissing(), run: onPostgres },
];

for (const { name, missing, run } of STORES) {
  testOrSkip(
    `two nodes on ${name} let a peer in together and throw it out together`,
    missing,
    () =>
      run(async (url) => {
        await using shared = await cluster(url);
        const key = await generateNodeKey();
        await add(shared.machines[0], "b", key);
        for (const node of shared.nodes) strictEqual(await whoami(node, key), "b");

        const open = await Promise.all(shared.nodes.map((node) => connected(node, key)));
        const ended = open.map((conn) => conn.closed.then(() => performance.now()));
        await command(shared.machines[1], "peer", "disable", "b");
        const returned = performance.now();
        const after = (await Promise.all(ended)).map((at) => Math.round(at - returned));
        say(`${name}: thrown out ${after.join(" and ")} ms after the command returned`);
        ok(after.every((ms) => ms < REVOCATION_MS), `too late: ${after.join(", ")} ms`);
        for (const conn of open) strictEqual((await conn.closed).code, 7);
        for (const node of shared.nodes) strictEqual(await whoami(node, key), undefined);

        await command(shared.machines[0], "peer", "enable", "b");
        for (const node of shared.nodes) strictEqual(await whoami(node, key), "b");
      }),
  );

  testOrSkip(
    `one invitation on ${name} lets one of ${JOINS_AT_ONCE} in`,
    missing,
    () =>
      run(async (url) => {
        await using shared = await cluster(url);
        const { ticket } = await shared.machines[0].json<{ ticket: string }>("invite");
        const { secret } = decodeTicket(ticket);
        const results = await Promise.all(
          Array.from({ length: JOINS_AT_ONCE }, (_, index) =>
            attempt(
              shared.nodes[index % 2 === 0 ? 0 : 1],
              `p${index}`,
              new Uint8Array(secret ?? []),
            )),
        );
        strictEqual(results.filter((result) => result === "in").length, 1, results.join());
        strictEqual(
          results.filter((result) => result === "used").length,
          JOINS_AT_ONCE - 1,
        );
        const peers = await shared.machines[1].json<unknown[]>("peer", "list");
        strictEqual(peers.length, 1);
      }),
  );
}

testOrSkip(
  "store migrate copies a node's store to PostgreSQL, verified",
  STORES[1]?.missing,
  () =>
    onPostgres(async (url) => {
      await using a = await Machine.fresh();
      await command(a, "init");
      await add(a, "b", await generateNodeKey());
      const { rows } = await a.json<{ rows: Record<string, number> }>(
        "store",
        "migrate",
        "--to",
        url,
      );
      strictEqual(rows.peers, 1);
      await a.write("alknet.toml", `[store]\nurl = "${url}"\n`);
      const peers = await a.json<{ peerId: string }[]>("peer", "list");
      strictEqual(peers[0]?.peerId, "b");
      const again = await a.alknet("store", "migrate", "--to", url);
      notStrictEqual(again.code, 0); // the target is not empty
    }),
);

Deno.test("invite and join make two machines peers of each other, once", async () => {
  await using a = await Machine.fresh();
  await using b = await Machine.fresh();
  await command(b, "init");
  await using node = await a.serve();
  const invited = await a.alknet("invite", "--scope", "git:read");
  strictEqual(invited.code, 0, invited.err);
  const ticket = invited.out.trim();
  const joined = await b.alknet("join", ticket, "--name", "laptop", "--as", "head");
  strictEqual(joined.code, 0, joined.err);
  match(joined.out, /There you are "laptop", may git:read/);
  strictEqual((await b.alknet("ping", "head", "-c", "1")).code, 0);
  const twice = await b.alknet("join", ticket, "--name", "other");
  strictEqual(twice.code, 5);
  match(twice.err, /was used already/);
  const forged = ticket.slice(0, -1) + (ticket.endsWith("y") ? "b" : "y");
  strictEqual((await b.alknet("join", forged)).code, 2);
  strictEqual((await b.alknet("join", parseTarget(node.target).text)).code, 2);
});

Deno.test("credentials survive a rotation, and nothing shows them", async () => {
  await using a = await Machine.fresh();
  await command(a, "init");
  const put = await a.alknetWith(
    { stdin: "sk-secret\n" },
    "credential",
    "put",
    "openai",
    "--fd",
    "0",
  );
  strictEqual(put.code, 0, put.err);
  await command(a, "credential", "rotate");
  const listed = await a.json<{ provider: string; keyVersion: number }[]>("credential", "list");
  strictEqual(listed[0]?.keyVersion, 4);
  const everything = [put.out, put.err, (await a.alknet("audit")).out].join("\n");
  ok(!everything.includes("sk-secret"));
  await command(a, "credential", "rm", "openai");
  strictEqual((await a.alknet("credential", "rm", "openai")).code, 2);
});

Deno.test("a backup made while the node serves is restored while it serves", async () => {
  await using a = await Machine.fresh();
  await using node = await a.serve();
  const key = await generateNodeKey();
  await add(a, "b", key);
  const file = join(a.home, "backup.db");
  await command(a, "store", "backup", file);
  await command(a, "peer", "remove", "b");
  strictEqual(await whoami(node, key), undefined);
  await command(a, "store", "restore", file);
  await eventually(async () => await whoami(node, key) === "b");
  await command(a, "store", "check");
  const audit = await a.alknet("audit", "--kind", "peer.added");
  match(audit.out, /peer\.added +owner +b/);
});

async function add(machine: Machine, name: string, key: NodeKey): Promise<void> {
  await command(machine, "peer", "add", name, "--node-id", formatNodeId(key.publicKey));
}

async function command(machine: Machine, ...args: readonly string[]): Promise<void> {
  const { code, err } = await machine.alknet(...args);
  strictEqual(code, 0, err);
}

/** Who the holder of a key is to a node; undefined when it is not let in. */
async function whoami(node: ServingNode, key: NodeKey): Promise<string | undefined> {
  await using conn = await dial(node.target, { alpn: PING_ALPN, identity: key });
  try {
    for await (const { whoami } of pingOver(conn, { count: 1 })) return whoami.id;
  } catch {
    return undefined;
  }
}

/** A connection that the node is serving. */
async function connected(node: ServingNode, key: NodeKey): Promise<Connection> {
  const conn = await dial(node.target, { alpn: PING_ALPN, identity: key });
  for await (const _ of pingOver(conn, { count: 1 })) break;
  return conn;
}

async function attempt(
  node: ServingNode,
  name: string,
  secret: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const identity = await generateNodeKey();
  await using conn = await dial(node.target, { alpn: JOIN_ALPN, identity, timeoutMs: 30_000 });
  try {
    await joinOver(conn, { secret, name });
    return "in";
  } catch (error) {
    return error instanceof EnrolmentError ? error.fault : String(error);
  }
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !await holds(); tries++) {
    ok(tries < 50, "it never came to hold");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function say(line: string): void {
  // deno-lint-ignore no-console -- figures for whoever reads the run
  console.log(`  ${line}`);
}
