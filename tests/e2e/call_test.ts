/** Operations of a node, called by another one with the command line. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";

import { Machine } from "./support/cli.ts";

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

async function waited(ms: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return undefined;
}
