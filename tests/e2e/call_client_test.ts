/** Whoever calls a node's operations with the command line: what goes in, comes out, and ends. */
import { serve } from "@alknet/core";
import { call } from "@alknet/call";
import { ANYONE, CallError, type Operation, operation } from "@alknet/operations";
import { openStore } from "@alknet/store";
import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { nodeOperations } from "../../src/cli/node/operations.ts";
import { cliArgs, Machine, runProgram } from "./support/cli.ts";

/** A node of this process with operations that tell when they are aborted, and a machine beside. */
interface Stage extends AsyncDisposable {
  readonly target: string;
  readonly machine: Machine;
  /** Resolves when the operation that hangs runs. */
  begun(): Promise<void>;
  /** Resolves when the operation that runs is aborted. */
  aborted(): Promise<void>;
}

async function stage(): Promise<Stage> {
  await using started = new AsyncDisposableStack();
  const machine = started.use(await Machine.fresh());
  strictEqual((await machine.alknet("init")).code, 0);
  const store = started.use(await openStore(`sqlite:${join(machine.home, "other.db")}`));
  const registry = nodeOperations({
    store,
    identitiesFile: { entries: { peers: [], tokens: [] } },
    reload: () => Promise.resolve(),
    startedAt: new Date(),
    endpoint: () => undefined,
  });
  const begun = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  registry.register(stageOperations({ begun: begun.resolve, aborted: aborted.resolve }));
  const handlers = [call({ dispatcher: registry })];
  const node = started.use(await serve({ hostname: "127.0.0.1", handlers }));
  const all = started.move();
  return {
    target: `${node.nodeId}@127.0.0.1:${node.addr.port}`,
    machine,
    begun: () => begun.promise,
    aborted: () => aborted.promise,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function stageOperations({ begun, aborted }: { begun(): void; aborted(): void }): Operation[] {
  const access = ANYONE;
  return [
    operation({
      name: "stage/ticks",
      type: "subscription",
      access,
      async *handler(_input, { signal }) {
        signal.addEventListener("abort", aborted);
        for (let n = 1; !signal.aborted; n++) {
          yield { n, padding: "x".repeat(2_000) };
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      },
    }),
    operation({
      name: "stage/hang",
      access,
      handler: (_input, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted();
            reject(signal.reason);
          });
          begun();
        }),
    }),
    operation({ name: "stage/echo", access, handler: (input) => input }),
    operation({
      name: "stage/fail",
      access,
      errors: { TOO_WARM: { description: "It is too warm" } },
      handler: () => {
        throw new CallError("TOO_WARM", "Not in \u001b[31mJuly\u202e");
      },
    }),
    operation({
      name: "stage/crash",
      access,
      handler: () => {
        throw new TypeError("A secret of the inside");
      },
    }),
  ];
}

Deno.test("Ctrl-C ends a subscription on the other side too, and is its ordinary end", async () => {
  await using on = await stage();
  const child = on.machine.spawn("call", on.target, "stage/ticks");
  const reader = child.stdout.getReader();
  ok((await reader.read()).value);
  child.kill("SIGINT");
  await on.aborted();
  reader.releaseLock();
  await Promise.all([child.stdout.cancel(), child.stdin.close()]);
  strictEqual((await child.status).code, 0);
  strictEqual(await new Response(child.stderr).text(), "");
});

Deno.test("Ctrl-C takes a call back on the other side too, and ends with 130", async () => {
  await using on = await stage();
  const child = on.machine.spawn("call", on.target, "stage/hang");
  const errors = new Response(child.stderr).text();
  await on.begun();
  child.kill("SIGINT");
  await on.aborted();
  strictEqual((await child.status).code, 130);
  match(await errors, /^alknet: Interrupted\n$/);
  await Promise.all([child.stdout.cancel(), child.stdin.close()]);
});

Deno.test("a reader that has enough ends a subscription, quietly", async () => {
  await using on = await stage();
  const command = [Deno.execPath(), ...cliArgs(), "call", on.target, "stage/ticks"]
    .map((part) => `'${part}'`).join(" ");
  const script = `{ ${command}; echo "ended with $?" >&2; } | head -1`;
  const { out, err } = await runProgram("sh", ["-c", script], { env: on.machine.env });
  await on.aborted();
  match(out, /^\{"n":1,[^\n]*\n$/);
  strictEqual(err, "ended with 0\n");
});

Deno.test("what goes in is JSON, pairs, files or standard input; what comes out is one line", async () => {
  await using on = await stage();
  const file = await on.machine.write("input.json", '{"from":"file"}');
  const cases: readonly [args: readonly string[], stdin: string, out: string][] = [
    [[], "", "{}"],
    [['[1,{"a":null}]'], "", '[1,{"a":null}]'],
    [["-"], '{"a":\n1}', '{"a":1}'],
    [[`@${file}`], "", '{"from":"file"}'],
    [["a=b=c", "n:=1.5", "l[]=x", "l[]:=2"], "", '{"a":"b=c","n":1.5,"l":["x",2]}'],
    [
      [`text=@${file}`, `json:=@${file}`],
      "",
      '{"text":"{\\"from\\":\\"file\\"}","json":{"from":"file"}}',
    ],
  ];
  for (const [args, stdin, expected] of cases) {
    const outcome = await on.machine.alknetWith(
      { stdin },
      "call",
      on.target,
      "stage/echo",
      ...args,
    );
    deepStrictEqual(outcome, { code: 0, out: `${expected}\n`, err: "" });
  }
  for (const args of [["{"], ["a=1", "a=2"], ["-"], ["@/nowhere"], ["a=1", "b"]]) {
    const { code } = await on.machine.alknet("call", on.target, "stage/echo", ...args);
    strictEqual(code, 2, args.join());
  }
});

Deno.test("each class of failure has an exit code, and says what to do", async () => {
  await using on = await stage();
  const { machine, target } = on;
  const run = (...args: string[]) => machine.alknet("call", target, ...args);

  const issues = await run("services/schema", "nme=x");
  strictEqual(issues.code, 2);
  match(issues.err, /^alknet: INVALID_INPUT: .*\n {2}the input {2}must have .*name/);
  const near = await run("stage/ecko");
  strictEqual(near.code, 10);
  match(near.err, /^alknet: NOT_FOUND: [^\n]*\n {2}did you mean stage\/echo\?\n$/);
  const declared = await run("stage/fail");
  strictEqual(declared.code, 12);
  strictEqual(declared.err, "alknet: TOO_WARM: Not in \\u001b[31mJuly\\u202e\n");
  const crashed = await run("stage/crash");
  strictEqual(crashed.code, 13);
  match(crashed.err, /INTERNAL: [^\n]*\n {2}in the log of that node: [0-9a-f-]{36}\n$/);
  doesNotMatch(crashed.err, /secret/);
  const late = await run("stage/hang", "--deadline", "0.5");
  strictEqual(late.code, 11);
  strictEqual((await run("stage/echo", "--token", "alk_nobody")).code, 5);
  const gone = await machine.alknet("call", `${target.split("@")[0]}@127.0.0.1:9`, "stage/echo");
  strictEqual(gone.code, 4);

  const json = await run("stage/fail", "--json");
  const { error } = JSON.parse(json.err);
  deepStrictEqual([error.code, error.details.code, error.details.retryable], [
    12,
    "TOO_WARM",
    false,
  ]);
});

/** A node, and a machine that has joined it as "b" with some scopes and calls it "head". */
async function joined(...scopes: readonly string[]) {
  await using started = new AsyncDisposableStack();
  const a = started.use(await Machine.fresh());
  const b = started.use(await Machine.fresh());
  const node = started.use(await a.serve("--log", "debug"));
  strictEqual((await b.alknet("init")).code, 0);
  const { out } = await a.alknet("invite", ...scopes.flatMap((scope) => ["--scope", scope]));
  const { code, err } = await b.alknet("join", out.trim(), "--name", "b", "--as", "head");
  strictEqual(code, 0, err);
  const all = started.move();
  return { a, b, node, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

Deno.test("a peer with peers:write gives from afar what it holds, and nothing more", async () => {
  await using pair = await joined("peers:write", "peers:read", "git:read");
  const { a, b } = pair;
  const put = (...input: string[]) => b.alknet("call", "head", "peers/put", ...input);

  strictEqual((await put("peerId=ci", "scopes[]=git:read:site", "expect=new")).code, 0);
  strictEqual((await put("peerId=ci", "scopes[]=git:read", "expect=new")).code, 12); // CONFLICT
  const raised = await put("peerId=ci", "scopes[]=*");
  strictEqual(raised.code, 5);
  match(raised.err, /FORBIDDEN: You cannot give what you do not hold: scope \*/);
  strictEqual((await a.alknet("peer", "add", "admin", "--scope", "*")).code, 0);
  strictEqual((await put("peerId=admin", "enabled:=false")).code, 5);

  const peers = await a.json<{ peerId: string; scopes: string[]; enabled: boolean }[]>(
    "peer",
    "list",
  );
  const shown = peers.map(({ peerId, scopes, enabled }) => [peerId, scopes.join(), enabled]);
  deepStrictEqual(shown, [
    ["admin", "*", true],
    ["b", "peers:write,peers:read,git:read", true],
    ["ci", "git:read:site", true],
  ]);
  const audit = (await a.alknet("audit")).out;
  match(audit, /peer\.added +b {2}ci: scopes\n/);
  match(audit, /change\.refused +b {2}peers\/put admin\n/);
});

Deno.test("a token made from afar works at once, is no secret of any log, and ends with its maker", async () => {
  await using pair = await joined("tokens:write", "node:read");
  const { a, b, node } = pair;
  await using c = await Machine.fresh();
  const made = await b.json<{ token: string }>(
    ...["call", "head", "tokens/create", "name=ci", "scopes[]=node:read"],
  );
  const file = await c.write("token", `${made.token}\n`);
  const info = () => c.alknet("call", node.target, "peers/whoami", "--token", `@${file}`);
  deepStrictEqual(JSON.parse((await info()).out), { id: "token:ci", scopes: ["node:read"] });
  ok(!node.log.includes(made.token.slice(13)));
  ok(!(await a.alknet("audit", "--json")).out.includes(made.token.slice(13)));
  strictEqual((await a.alknet("peer", "disable", "b")).code, 0);
  strictEqual((await info()).code, 5);
  strictEqual((await a.alknet("peer", "enable", "b")).code, 0);
  strictEqual((await info()).code, 0);
  strictEqual((await b.alknet("call", "head", "tokens/revoke", "name=ci")).code, 0);
  strictEqual((await info()).code, 5);
});

Deno.test("config/reload takes up identities.toml, and tells of a mistake by its place alone", async () => {
  await using pair = await joined("node:write", "peers:read");
  const { a, b } = pair;
  await a.write("identities.toml", '[[peer]]\nid = "byhand"\n');
  deepStrictEqual(await b.json("call", "head", "config/reload"), { peers: 1, tokens: 0 });
  strictEqual((await b.alknet("call", "head", "peers/get", "peerId=byhand")).code, 0);
  await a.write("identities.toml", '[[peer]]\nid = "byhand"\nscopes = ["secret"]\n');
  const wrong = await b.alknet("call", "head", "config/reload");
  strictEqual(wrong.code, 12);
  strictEqual(wrong.err, "alknet: CONFIG_INVALID: Mistake in identities.toml at 3:1\n");
});

/** A program on the generated client. */
function program(target: string, token: string, lines: string): string {
  return `import { dial } from "@alknet/client";
import { ALPN, connectCall } from "@alknet/call";
import { connect, isDeclared } from "./api.ts";

await using conn = await dial(${JSON.stringify(target)}, { alpn: ALPN, identity: "anonymous" });
await using client = connectCall(conn);
const api = connect(client);
const options = { authToken: ${JSON.stringify(token)} };
${lines}
conn.close();
`;
}

Deno.test("codegen writes a client that type-checks and works, and wrong use of it does not", async () => {
  await using pair = await joined("node:read", "peers:read");
  const { a, b, node } = pair;
  const { code, out } = await b.alknet("call", "codegen", "head");
  strictEqual(code, 0);
  strictEqual((await b.alknet("call", "codegen", "head")).out, out);
  doesNotMatch(out, /peers\/put/); // not for this caller
  const token =
    (await a.alknet("token", "create", "t", "--scope", "node:*", "--scope", "peers:*")).out;
  await a.write("api.ts", (await a.alknet("call", "codegen", node.target)).out);
  const right = await a.write(
    "right.ts",
    program(
      node.target,
      token.trim(),
      `const { version, uptimeSeconds } = await api.node.info({}, options);
const put = await api.peers.put({ peerId: "made", scopes: [] }, options);
const names: string[] = (await api.peers.list({ limit: 9 }, options)).map((each) => each.peerId);
for await (const event of api.node.events({ last: 1 }, options)) { if (event.id > 0) break; }
try { await api.peers.get({ peerId: "nobody" }, options); } catch (error) {
  console.log(isDeclared(error, "peers/get", "NOT_FOUND"));
}
console.log(version.length > 0, uptimeSeconds >= 0, put.added, names.join());`,
    ),
  );
  const wrong = await a.write(
    "wrong.ts",
    program(
      node.target,
      "",
      `await api.peers.put({ peerid: "typo" });
await api.peers.put({ peerId: "x", scopes: "git:read" });
(await api.node.info()).versoin;`,
    ),
  );
  const config = ["--config", new URL("../../deno.json", import.meta.url).pathname];
  const run = (...args: string[]) => runProgram(Deno.execPath(), args, { env: a.env });
  const good = await run("run", "--check", "-A", ...config, right);
  deepStrictEqual(good.out, "true\ntrue true true b,made\n", good.err);
  const bad = await run("check", ...config, wrong);
  strictEqual(bad.code, 1);
  for (const why of [/peerid/, /string.*string\[\]/, /versoin/]) match(bad.err, why);
});
