/** Operations of a node as tools for MCP clients: the official inspector, over HTTP and stdio. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { missingFromNpm } from "../tools/npm.ts";
import { testOrSkip } from "../tools/skip.ts";
import { cliArgs, Machine } from "./support/cli.ts";
import { inspect, MCP_INSPECTOR } from "./support/foreign_clients.ts";
import { serveWeb } from "./support/web.ts";

const absent = await missingFromNpm(MCP_INSPECTOR);

testOrSkip("the inspector uses a node's tools over HTTP", absent, async () => {
  await using started = new AsyncDisposableStack();
  const machine = started.use(await Machine.fresh());
  const web = await serveWeb(machine, started);
  const at = [`${web.origin}/mcp`, "--transport", "http"];
  const as = ["--header", `Authorization: Bearer ${web.token}`];
  const listed = await inspect(machine, [...at, ...as, "--method", "tools/list"], web.ca);
  strictEqual(listed.code, 0, listed.err);
  const names = JSON.parse(listed.out).tools.map(({ name }: { name: string }) => name);
  deepStrictEqual(names, ["search", "schema", "call", "batch"]);
  const call = ["--method", "tools/call", "--tool-name", "call"];
  const who = [...call, "--tool-arg", "operation=peers/whoami"];
  const called = await inspect(machine, [...at, ...as, ...who], web.ca);
  const { structuredContent } = JSON.parse(called.out);
  deepStrictEqual(structuredContent.output, { id: "token:ci", scopes: ["node:read"] });
  const stranger = await inspect(machine, [...at, "--method", "tools/list"], web.ca);
  strictEqual(stranger.code === 0, false);
});

testOrSkip("the inspector uses a remote node's tools through alknet mcp", absent, async () => {
  await using started = new AsyncDisposableStack();
  const head = started.use(await Machine.fresh());
  const editor = started.use(await Machine.fresh());
  started.use(await head.serve());
  strictEqual((await editor.alknet("init")).code, 0);
  const { out } = await head.alknet("invite", "--scope", "node:read");
  const joined = await editor.alknet("join", out.trim(), "--name", "editor", "--as", "head");
  strictEqual(joined.code, 0, joined.err);
  const env = Object.entries(editor.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const server = [...env, Deno.execPath(), ...cliArgs(), "mcp", "head"];
  const call = ["--method", "tools/call", "--tool-name"];
  const who = await inspect(editor, [
    ...[...server, ...call],
    ...["call", "--tool-arg", "operation=peers/whoami"],
  ]);
  strictEqual(who.code, 0, who.err);
  const output = { id: "editor", scopes: ["node:read"] };
  deepStrictEqual(JSON.parse(who.out).structuredContent, { output });
  const found = await inspect(editor, [
    ...[...server, ...call],
    ...["search", "--tool-arg", "query=handlers"],
  ]);
  match(found.out, /node\/handlers/);
});

Deno.test("alknet mcp without a node says so and ends", async () => {
  await using machine = await Machine.fresh();
  const { code, err } = await machine.alknet("mcp");
  strictEqual(code, 6);
  match(err, /No node is running here/);
});
