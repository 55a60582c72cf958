/**
 * The story of the dashboard: the owner opens a link in a browser, watches a laptop work, and throws
 * it out.
 */
import { doesNotMatch, match, ok, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { hashesAt, openChromium } from "./support/chromium.ts";
import { Machine } from "./support/cli.ts";

const NO_CHROMIUM = missing("chromium");

/** A node with its dashboard, a laptop that follows its events, and a browser. */
async function stage() {
  await using started = new AsyncDisposableStack();
  const head = started.use(await Machine.fresh());
  const laptop = started.use(await Machine.fresh());
  strictEqual((await head.alknet("init")).code, 0);
  await head.write("alknet.toml", '[node]\nnames = ["localhost"]\n');
  const node = started.use(await head.serve());
  strictEqual((await laptop.alknet("init")).code, 0);
  const { out } = await head.alknet("invite", "--scope", "node:read");
  const joined = await laptop.alknet("join", out.trim(), "--name", "laptop", "--as", "head");
  strictEqual(joined.code, 0, joined.err);
  const { spki } = await hashesAt(node.port);
  const page = started.use(await openChromium({ spki }));
  const refused: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") refused.push(message.text());
  });
  page.on("dialog", (dialog) => dialog.accept());
  const link = async (machine: Machine, ...target: string[]): Promise<string> => {
    const { url } = await machine.json<{ url: string }>("dashboard", ...target);
    return url.replace("127.0.0.1", "localhost");
  };
  const all = started.move();
  return {
    head,
    laptop,
    node,
    page,
    refused,
    link,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

testOrSkip(
  "the owner opens the dashboard, sees who is connected, and throws a peer out",
  NO_CHROMIUM,
  async () => {
    await using on = await stage();
    const { page } = on;
    const following = on.laptop.spawn("call", "head", "node/events", "--json");
    const ended = following.output();

    const url = await on.link(on.head);
    await page.goto(url);
    strictEqual(await page.title(), "Overview · alknet");
    await page.getByRole("cell", { name: "laptop" }).first().waitFor();
    const picture = await page.screenshot();
    ok(picture.length > 10_000, `${picture.length} bytes`);

    await page.getByRole("link", { name: "Peers" }).click();
    await page.getByRole("button", { name: "Remove laptop" }).click();
    const { code } = await ended;
    ok(code !== 0, `${code}`);
    await following.stdin.close().catch(() => {});
    await page.getByRole("cell", { name: "laptop" }).first().waitFor({ state: "detached" });
    match((await on.laptop.alknet("ping", "head")).err, /not known/);

    await page.goto(url.replace(/\/login.*/, "/ui/operations/tokens/create"));
    await page.getByLabel("Name").first().fill("ci");
    await page.getByLabel("Scopes").fill("git:read");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText(/alk_\w+/).first().waitFor();
    strictEqual(on.refused.join("\n"), "", "nothing on the pages is refused by their own policy");

    await page.goto(url);
    match(await page.content(), /404 Not Found/); // the link works once
  },
);

testOrSkip(
  "a peer sees what its scopes allow, on a phone and in the dark, and events as they happen",
  NO_CHROMIUM,
  async () => {
    await using on = await stage();
    const { page } = on;
    const denied = await on.laptop.alknet("dashboard", "head");
    strictEqual(denied.code, 5, denied.err); // it lacks dashboard:open
    const more = ["--scope", "dashboard:open"];
    const { nodeId } = await on.laptop.json<{ nodeId: string }>("id");
    strictEqual(
      (await on.head.alknet("peer", "add", "laptop", "--node-id", nodeId, ...more)).code,
      0,
    );
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(await on.link(on.laptop, "head"));
    doesNotMatch(await page.content(), />Tokens</);

    await page.getByRole("link", { name: "Events" }).click();
    await page.getByText("Following").waitFor();
    strictEqual((await on.head.alknet("group", "put", "dev", "--scope", "git:read")).code, 0);
    await page.getByText(/group\.changed/).first().waitFor();
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    ok(width <= 390, `${width}`);

    strictEqual((await on.head.alknet("peer", "disable", "laptop")).code, 0);
    await page.getByText(/It has ended|Interrupted|ABORTED/).first().waitFor();
    await page.reload();
    match(await page.content(), /404 Not Found/);
  },
);
