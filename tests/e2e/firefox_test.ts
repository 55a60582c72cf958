/**
 * The story of the other browser: what a node serves is there in Firefox too, over HTTP/2 and
 * HTTP/3, WebSocket and WebTransport.
 */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { hashesAt } from "./support/chromium.ts";
import { Machine, type ServingNode } from "./support/cli.ts";
import { openFirefox } from "./support/firefox.ts";
import { echoOverWebSocket, echoOverWebTransport, pageProtocol } from "./support/in_page.ts";

const NO_FIREFOX = missing("firefox-esr");

/** A node with its usual handlers and echo, on a machine of its own. */
async function stage(): Promise<{ owner: Machine; node: ServingNode } & AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const owner = started.use(await Machine.fresh());
  strictEqual((await owner.alknet("init")).code, 0);
  const handlers = '[handlers]\nenabled = ["http", "call", "echo"]\n';
  await owner.write("alknet.toml", `[node]\nnames = ["localhost"]\n${handlers}`);
  const node = started.use(await owner.serve());
  const all = started.move();
  return { owner, node, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

testOrSkip(
  "the owner opens the dashboard in Firefox, with a link that works once",
  NO_FIREFOX,
  async () => {
    await using on = await stage();
    await using page = await openFirefox();
    const refused: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") refused.push(message.text());
    });
    page.on("dialog", (dialog) => dialog.accept());
    const { url } = await on.owner.json<{ url: string }>("dashboard");
    const link = url.replace("127.0.0.1", "localhost");
    await page.goto(link);
    strictEqual(await page.title(), "Overview · alknet");

    await page.goto(link.replace(/\/login.*/, "/ui/operations/tokens/create"));
    await page.type('form[hx-post] input[type="text"]', "ci");
    await page.click('form[hx-post] button[type="submit"]');
    await page.waitForSelector("text/alk_");
    match((await on.owner.alknet("token", "list")).out, /\bci\b/);

    await page.goto(link);
    match(await page.content(), /404 Not Found/);
    strictEqual(refused.join("\n"), "");
  },
);

testOrSkip(
  "Firefox speaks HTTP/2, WebSocket and WebTransport with a node",
  NO_FIREFOX,
  async () => {
    await using on = await stage();
    const { out } = await on.owner.alknet("token", "create", "t", "--scope", "node:read");
    const { sha256 } = await hashesAt(on.node.port);
    await using page = await openFirefox();
    strictEqual((await page.goto(`https://localhost:${on.node.port}/healthz`))?.status(), 200);
    strictEqual(await page.evaluate(pageProtocol), "h2");
    const visitor = { token: out.trim(), certificateHash: [...sha256] };
    strictEqual(await page.evaluate(echoOverWebSocket, visitor), "from a browser");
    const found = await page.evaluate(echoOverWebTransport, visitor);
    deepStrictEqual(found, { echoed: "from a browser", refused: true });
  },
);

testOrSkip("Firefox loads a page over HTTP/3", NO_FIREFOX, async () => {
  await using on = await stage();
  await using page = await openFirefox({ quicPort: on.node.port });
  strictEqual((await page.goto(`https://localhost:${on.node.port}/healthz`))?.status(), 200);
  strictEqual(await page.evaluate(pageProtocol), "h3");
});
