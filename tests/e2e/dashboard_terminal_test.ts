/**
 * The story of the terminal on the dashboard: the owner works in a browser as at a screen of the
 * node, a laptop does with what it may, and loses it with its permission.
 */
import { doesNotMatch, match, ok, strictEqual } from "node:assert/strict";

import type { Page } from "playwright-core";

import { missing, testOrSkip } from "../tools/skip.ts";
import { hashesAt, openChromium } from "./support/chromium.ts";
import { Machine } from "./support/cli.ts";

const NO_CHROMIUM = missing("chromium");

/** Start-up files of the account that runs the tests may take their time. */
const PATIENCE = { timeout: 100_000 };

/** A node, and a browser. */
async function stage(config = "") {
  await using started = new AsyncDisposableStack();
  const head = started.use(await Machine.fresh());
  strictEqual((await head.alknet("init")).code, 0);
  await head.write("alknet.toml", `[node]\nnames = ["localhost"]\n${config}`);
  const node = started.use(await head.serve());
  const { spki } = await hashesAt(node.port);
  const page = started.use(await openChromium({ spki }));
  const refused: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") refused.push(message.text());
  });
  page.on("pageerror", (error) => refused.push(String(error)));
  const open = async (machine: Machine, ...target: string[]): Promise<void> => {
    const { url } = await machine.json<{ url: string }>("dashboard", ...target);
    await page.goto(url.replace("127.0.0.1", "localhost"));
    await page.getByRole("link", { name: "Terminal" }).click();
  };
  const all = started.move();
  return { head, node, page, refused, open, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Waits for what the page says of its terminal. */
async function says(page: Page, text: string | RegExp): Promise<void> {
  await page.locator("#terminal-status").filter({ hasText: text }).waitFor(PATIENCE);
}

/** Types a line, and waits for what is not in it to be shown; rows follow each other unseparated. */
async function types(page: Page, line: string, shown: RegExp): Promise<string> {
  await page.keyboard.type(`${line}\n`);
  const rows = page.locator(".xterm-rows");
  await rows.filter({ hasText: shown }).waitFor(PATIENCE);
  return shown.exec(await rows.innerText())?.[1] ?? "";
}

/** How many rows the terminal on the page has. */
async function rowsOf(page: Page): Promise<number> {
  return await page.locator(".xterm-rows > div").count();
}

testOrSkip(
  "the owner works at a terminal in a browser, in its size and colours, and the node knows of it",
  NO_CHROMIUM,
  async () => {
    await using on = await stage();
    const { page, head } = on;
    await on.open(head);
    await says(page, /^Open$/);
    await types(page, "echo $((6*7))", /42/);
    const rows = await types(page, "stty size | sed 's/^/now=/'", /now=(\d+) \d+/);
    strictEqual(Number(rows), await rowsOf(page));

    await page.setViewportSize({ width: 390, height: 844 });
    const phone = page.locator(".xterm-rows > div");
    await phone.nth(Number(rows)).waitFor(PATIENCE); // it is higher there
    const smaller = await types(
      page,
      "clear; stty size | sed 's/^/then=/'",
      /then=(\d+) \d\d(?!\d)/,
    );
    strictEqual(Number(smaller), await rowsOf(page));
    ok(await page.evaluate<number>("document.documentElement.scrollWidth") <= 390);

    await types(page, "printf '\\e[38;2;10;120;30mcolo%s\\e[0m\\n' ured", /coloured/);
    const green = page.locator(".xterm-rows span").filter({ hasText: /^coloured$/ });
    match(await green.getAttribute("style") ?? "", /^color: rgb\(10, 120, 30\);/);

    const { out } = await head.alknet("ssh", "who");
    match(out, /owner +owner +127\.0\.0\.1\S+ .*terminal +dashboard/);
    strictEqual(on.refused.join("\n"), "", "nothing is refused by the pages' own policy");
    const [session] = await head.json<{ id: string }[]>("ssh", "who");
    strictEqual((await head.alknet("ssh", "kill", session?.id ?? "")).code, 0);
    await says(page, "Ended: ended by the node's owner");

    await page.keyboard.press("Enter"); // the button to open a new one has the focus
    await says(page, /^Open$/);
    await types(page, "exit 3", /exit code 3/);
    await says(page, "Ended: exit code 3");
    const audit = (await head.alknet("audit")).out;
    match(audit, /ssh\.login .*owner/);
    match(audit, /ssh\.logout .*owner/);
  },
);

testOrSkip(
  "keys that a phone lacks, the clipboard, and a way out by keyboard are there",
  NO_CHROMIUM,
  async () => {
    await using on = await stage();
    const { page, head } = on;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await on.open(head);
    await says(page, /^Open$/);
    await types(page, "echo start$((1+1))", /start2/);
    await page.keyboard.type("cat >/dev/null; echo left=$?\n");
    await page.getByRole("button", { name: "Ctrl" }).click();
    await page.keyboard.type("c"); // as Ctrl+C
    await page.locator(".xterm-rows").filter({ hasText: /\^C/ }).waitFor(PATIENCE);
    await types(page, "echo on$((1+1))", /on2/);
    await page.getByRole("button", { name: "Arrow up" }).click();
    await page.keyboard.press("Enter");
    await page.locator(".xterm-rows").filter({ hasText: /on2[^]*on2/ }).waitFor(PATIENCE);

    await page.evaluate("navigator.clipboard.writeText('echo pasted$((2+2))\\n')");
    await page.getByRole("button", { name: "Paste" }).click();
    // The clipboard takes its time, and the pasted line waits for Enter.
    await page.locator(".xterm-rows").filter({ hasText: /pasted\$/ }).waitFor(PATIENCE);
    await page.keyboard.press("Enter");
    await page.locator(".xterm-rows").filter({ hasText: /pasted4/ }).waitFor(PATIENCE);

    await page.keyboard.press("Shift+F6");
    strictEqual(await page.evaluate("document.activeElement.textContent"), "Ctrl");
    strictEqual(on.refused.join("\n"), "");
  },
);

testOrSkip(
  "a peer has a terminal as long as it may, is recorded there, and its programs end with that",
  NO_CHROMIUM,
  async () => {
    await using on = await stage('[ssh]\nrecord = ["laptop"]\n');
    const { page, head } = on;
    await using laptop = await Machine.fresh();
    strictEqual((await laptop.alknet("init")).code, 0);
    const { out } = await head.alknet(
      "invite",
      "--scope",
      "node:read",
      "--scope",
      "dashboard:open",
    );
    const joined = await laptop.alknet("join", out.trim(), "--name", "laptop", "--as", "head");
    strictEqual(joined.code, 0, joined.err);

    const { url } = await laptop.json<{ url: string }>("dashboard", "head");
    const at = url.replace("127.0.0.1", "localhost");
    await page.goto(at);
    doesNotMatch(await page.content(), />Terminal</);
    await page.goto(at.replace(/login.*/, "ui/terminal"));
    await page.getByText("You lack the scope ssh:shell").waitFor();

    const { nodeId } = await laptop.json<{ nodeId: string }>("id");
    const scopes = ["node:read", "dashboard:open", "ssh:shell"].flatMap((
      each,
    ) => ["--scope", each]);
    strictEqual(
      (await head.alknet("peer", "add", "laptop", "--node-id", nodeId, ...scopes)).code,
      0,
    );
    await page.reload();
    await says(page, /^Open$/);
    const pid = await types(page, "sleep 600 & echo job=$!.", /job=(\d+)\./);
    ok(await isRunning(pid));
    strictEqual((await head.alknet("peer", "disable", "laptop")).code, 0);
    await says(page, /Ended: (permission withdrawn|signed out)/);
    while (await isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    strictEqual((await head.alknet("ssh", "who")).out, "Nobody is logged in\n");

    await page.getByRole("button", { name: "Open a new one" }).click();
    await says(page, "You are not signed in any more");
    const recordings = await Array.fromAsync(Deno.readDir(`${head.home}/ssh-recordings`));
    match(recordings[0]?.name ?? "", /^laptop-.*\.cast$/);
    const cast = await Deno.readTextFile(`${head.home}/ssh-recordings/${recordings[0]?.name}`);
    match(cast, new RegExp(`job=${pid}`));
  },
);

testOrSkip(
  "a node without SSH, or without shells, says how to have terminals",
  NO_CHROMIUM,
  async () => {
    {
      await using on = await stage('[handlers]\nenabled = ["http", "call", "ping"]\n');
      await on.open(on.head);
      await on.page.getByText("SSH is not switched on at this node").waitFor();
    }
    await using on = await stage('[ssh]\noffer = ["exec"]\n');
    await on.open(on.head);
    await on.page.getByText("Shells are switched off at this node").waitFor();
    await on.page.getByText('offer = ["shell"').waitFor();
  },
);

async function isRunning(pid: string): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => ") Z ");
  return !stat.includes(") Z ");
}
