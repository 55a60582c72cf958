/**
 * The story of a page with the files of a node: what `@alknet/sftp/browser` makes of a browser, with
 * nothing installed but the page.
 */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { hashesAt, openChromium } from "./support/chromium.ts";
import { Machine, runProgram } from "./support/cli.ts";

const NO_CHROMIUM = missing("chromium");
const PAGE = new URL("./support/browser_files_page.ts", import.meta.url).pathname;

/** A node that serves the page as a site, and a browser that shows it. */
async function stage() {
  await using started = new AsyncDisposableStack();
  const machine = started.use(await Machine.fresh());
  const site = started.use(await Machine.fresh());
  const script = join(site.home, "page.js");
  const args = ["bundle", "--quiet", "--platform", "browser", "--output", script, PAGE];
  const { code, err } = await runProgram(Deno.execPath(), args);
  strictEqual(code, 0, err);
  await site.write("index.html", '<!doctype html><script type="module" src="page.js"></script>');
  strictEqual((await machine.alknet("init")).code, 0);
  const folder = JSON.stringify(site.home);
  await machine.write(
    "alknet.toml",
    `[node]\nnames = ["localhost"]\n[[site]]\npath = "/app/"\nstrip = true\nroot = ${folder}\n`,
  );
  const node = started.use(await machine.serve());
  const { spki, sha256 } = await hashesAt(node.port);
  const page = started.use(await openChromium({ spki })); // made to use QUIC, it has no WebSockets
  await page.goto(`https://localhost:${node.port}/app/`);
  await page.waitForFunction("globalThis.story !== undefined");
  const token = async (...scopes: string[]): Promise<string> => {
    const args = scopes.flatMap((scope) => ["--scope", scope]);
    const name = scopes.join("-").replaceAll(/\W/g, "-");
    return (await machine.alknet("token", "create", name, ...args)).out.trim();
  };
  const all = started.move();
  return {
    script,
    token,
    hash: [...sha256],
    tell: (options: Readonly<Record<string, unknown>>): Promise<unknown> =>
      page.evaluate(`story(${JSON.stringify(options)})`),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const TOLD = {
  same: true,
  listed: ["movie.bin"],
  size: 5_000_000,
  refused: "Directory not empty",
  told: true,
  left: [],
};

testOrSkip(
  "a page uploads, reads back, lists, renames and removes, over each carrier",
  NO_CHROMIUM,
  async () => {
    await using on = await stage();
    const { hash } = on;
    const token = await on.token("sftp:read", "sftp:write");
    for (const carrier of ["webtransport", "websocket"]) {
      deepStrictEqual(await on.tell({ token, hash, carriers: [carrier] }), { carrier, ...TOLD });
    }
    strictEqual((await Deno.readTextFile(on.script)).match(/"node:|Deno\./g), null);
  },
);

testOrSkip(
  "where WebTransport fails a WebSocket takes its place, and a token without scopes gets nothing",
  NO_CHROMIUM,
  async () => {
    await using on = await stage();
    const wrong = on.hash.map((byte) => byte ^ 1);
    const token = await on.token("sftp:read", "sftp:write");
    deepStrictEqual(await on.tell({ token, hash: wrong }), { carrier: "websocket", ...TOLD });
    const none = await on.token("git:read");
    const refusal = on.tell({ token: none, hash: on.hash }).catch((error) => String(error));
    match(String(await refusal), /Peer offers no files to us/);
    const unknown = on.tell({ token: "alk_wrong", hash: on.hash }).catch((error) => String(error));
    match(String(await unknown), /Cannot reach the node/);
  },
);
