/**
 * The story of files on the dashboard: somebody with a browser puts them onto a node, takes them
 * back, and tidies up.
 */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../tools/skip.ts";
import { hashesAt, openChromium } from "./support/chromium.ts";
import { Machine } from "./support/cli.ts";

const NO_CHROMIUM = missing("chromium");
const SCREENSHOT_BYTES = 8_000;

// What runs in the page, which has types of its own.
const TAKE_END = `(async () => {
  const { href } = document.querySelector(".files a[download]");
  const response = await fetch(href, { headers: { range: "bytes=4999990-" } });
  return { status: response.status, length: (await response.bytes()).length };
})()`;
const DROP = `(text) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], "note.txt"));
  const section = document.querySelector("[data-upload]");
  section.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
}`;
const RUN_SCRIPT = `new Promise((resolve) => {
  const script = document.createElement("script");
  script.src = "/ui/files/download?path=/evil.js";
  const told = (loaded) => () => resolve({ loaded, attacked: "attacked" in globalThis });
  script.onload = told(true);
  script.onerror = told(false);
  document.head.append(script);
})`;

/** How a story begins. */
interface StageOptions {
  /** Further configuration of the node. */
  readonly config?: string;
  /** Whether the browser comes over HTTP/3. */
  readonly quic?: boolean;
}

/** A node with files, and a browser that is signed in as its owner. */
async function stage({ config = "", quic = false }: StageOptions = {}) {
  await using started = new AsyncDisposableStack();
  const head = started.use(await Machine.fresh());
  strictEqual((await head.alknet("init")).code, 0);
  await head.write("alknet.toml", `[node]\nnames = ["localhost"]\n${config}`);
  const root = join(head.home, "files");
  await Deno.mkdir(root);
  const node = started.use(await head.serve());
  const { spki } = await hashesAt(node.port);
  const page = started.use(await openChromium({ spki, quicPort: quic ? node.port : undefined }));
  const refused: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") refused.push(message.text());
  });
  const { url } = await head.json<{ url: string }>("dashboard");
  await page.goto(url.replace("127.0.0.1", "localhost"));
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByRole("heading", { name: "Files", exact: true }).waitFor();
  const all = started.move();
  const origin = `https://localhost:${node.port}`;
  return {
    head,
    root,
    page,
    refused,
    origin,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

type Stage = Awaited<ReturnType<typeof stage>>;

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Chooses a file in the form. */
async function upload({ page }: Stage, name: string, bytes: Uint8Array): Promise<void> {
  const { Buffer } = await import("node:buffer");
  const file = { name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) };
  await page.getByLabel(/Files, which/).setInputFiles(file);
}

testOrSkip(
  "the owner puts files onto the node, takes them back, and tidies up",
  NO_CHROMIUM,
  async () => {
    await using on = await stage();
    const { page, root } = on;
    await page.getByText("The folder is empty").waitFor();
    await page.getByRole("textbox", { name: "Name" }).fill("docs & <plans>");
    await page.getByRole("button", { name: "Make folder" }).click();
    await page.getByRole("link", { name: "docs & <plans>", exact: true }).click();
    await page.getByText("The folder is empty").waitFor();

    const bytes = randomBytes(5_000_000);
    await upload(on, "movie.bin", bytes);
    await page.getByText("Done").waitFor();
    const row = page.getByRole("row", { name: /movie\.bin/ });
    await row.getByText("5 MB").waitFor();
    const stored = await Deno.readFile(join(root, "docs & <plans>", "movie.bin"));
    strictEqual(await sha256(stored), await sha256(bytes));

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      row.getByRole("link", { name: "movie.bin", exact: true }).click(),
    ]);
    strictEqual(download.suggestedFilename(), "movie.bin");
    strictEqual(await sha256(await Deno.readFile(await download.path())), await sha256(bytes));
    const part = await page.evaluate(TAKE_END);
    deepStrictEqual(part, { status: 206, length: 10 });

    await page.getByRole("link", { name: "Rename movie.bin" }).click();
    await page.getByLabel("New name").fill("film.bin");
    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByRole("link", { name: "Delete film.bin" }).click();
    await page.getByText(/It cannot be undone/).waitFor();
    await page.getByRole("link", { name: "Do nothing" }).click();
    await page.getByRole("link", { name: "Delete film.bin" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("The folder is empty").waitFor();
    await page.getByRole("link", { name: "All files", exact: true }).click();
    await page.getByRole("link", { name: /^Delete docs/ }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("The folder is empty").waitFor();
    deepStrictEqual(await Array.fromAsync(Deno.readDir(root)), []);
    strictEqual(on.refused.join("\n"), "", "nothing on the pages is refused by their own policy");
  },
);

testOrSkip(
  "over HTTP/3 files are dropped, replaced when somebody says so, and stopped",
  NO_CHROMIUM,
  async () => {
    await using on = await stage({ quic: true });
    const { page, root } = on;
    const drop = (text: string): Promise<void> =>
      page.evaluate(`(${DROP})(${JSON.stringify(text)})`);
    const note = (): Promise<string> => Deno.readTextFile(join(root, "note.txt"));
    await drop("first");
    await page.getByText("Done").waitFor();
    page.once("dialog", (dialog) => dialog.dismiss());
    await drop("second");
    await page.getByText("Left as it was").waitFor();
    strictEqual(await note(), "first");
    page.once("dialog", (dialog) => dialog.accept());
    await drop("third");
    await page.getByText("Done").nth(1).waitFor();
    strictEqual(await note(), "third");

    await page.route("**/ui/files/upload?*", () => {}); // it hangs
    await upload(on, "other.bin", randomBytes(10));
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped").waitFor();
    deepStrictEqual((await Array.fromAsync(Deno.readDir(root))).length, 1);
  },
);

testOrSkip("names and contents that mean harm do none", NO_CHROMIUM, async () => {
  await using on = await stage();
  const { page, root, origin } = on;
  const attack = "<script>globalThis.attacked = true</script>";
  await Deno.writeTextFile(join(root, "evil.html"), attack);
  await Deno.writeTextFile(join(root, "evil.js"), "globalThis.attacked = true");
  await Deno.writeTextFile(join(root, "<img src=x onerror=attacked=1>"), "");
  await Deno.writeTextFile(join(root, "two\nlines \u202egnp.exe"), "");
  await page.reload();
  await page.getByText("<img src=x onerror=attacked=1>").waitFor();
  await page.getByText("two\\u{a}lines \\u{202e}gnp.exe").waitFor();
  strictEqual(await page.locator("main img").count(), 0);

  const shown = page.goto(`${origin}/ui/files/download?path=/evil.html`);
  await rejects(shown, /Download is starting|ERR_ABORTED/);
  const ran = await page.evaluate(RUN_SCRIPT);
  deepStrictEqual(ran, { loaded: false, attacked: false });

  const row = page.getByRole("row", { name: /gnp\.exe/ });
  await row.getByRole("link", { name: /^Delete/ }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByText("gnp.exe").waitFor({ state: "detached" });
  ok(!(await Array.fromAsync(Deno.readDir(root))).some(({ name }) => name.includes("gnp")));
});

testOrSkip(
  "what is not allowed, and what does not fit, is said in plain words",
  NO_CHROMIUM,
  async () => {
    await using shared = await Machine.fresh();
    await Deno.writeTextFile(join(shared.home, "read me.txt"), "hello");
    const folders = `read_only_folders = ["/shared=${shared.home}"]`;
    await using on = await stage({ config: `[sftp]\nquota_bytes = 100000\n${folders}\n` });
    const { page } = on;
    await upload(on, "large.bin", randomBytes(3_000_000));
    await page.getByText("There is not enough room for the file").waitFor();
    deepStrictEqual(await Array.fromAsync(Deno.readDir(on.root)), []);

    await page.getByRole("link", { name: "shared", exact: true }).click();
    await page.getByText("Nothing can be changed here").waitFor();
    await page.getByRole("link", { name: "read me.txt" }).waitFor();
    strictEqual(await page.getByRole("link", { name: /^Delete/ }).count(), 0);
    await page.goto(`${on.origin}/ui/files/remove?path=/shared/read me.txt`);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("You may not do that here").waitFor();
    await page.goto(`${on.origin}/ui/files?path=/../../etc`);
    await page.getByText("It is not there").waitFor();
  },
);

testOrSkip(
  "on a phone and in the dark, with the keyboard alone, and where there are no files",
  NO_CHROMIUM,
  async () => {
    await using on = await stage();
    const { page, root } = on;
    await Deno.writeTextFile(join(root, `${"long name ".repeat(15)}.txt`), "hello");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 800 });
    await page.reload();
    await page.getByText(/long name/).first().waitFor();
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    ok(width <= 390, `${width}`);
    const picture = await page.screenshot();
    ok(picture.length > SCREENSHOT_BYTES, `${picture.length} bytes`);
    await page.getByRole("textbox", { name: "Name" }).focus();
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "by keyboard", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("The folder is empty").waitFor();

    await using bare = await stage({ config: '[handlers]\nenabled = ["http", "call"]\n' });
    match(await bare.page.content(), /This node serves no files/);
  },
);
