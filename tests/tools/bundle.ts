/**
 * Makes one self-extracting file of the program and the pinned Deno: `dist/alknet`.
 * `bundle.ts [entry [output]]`
 */
import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";

import { bundlePart } from "./bundle/bundle_part.ts";
import { renderHeader } from "./bundle/header.ts";
import { ASSETS, MAIN_ENTRY, WORKERS } from "./bundle/parts.ts";
import { DENO_VERSION } from "./deno_version.ts";
import { runTool, ToolError } from "./errors.ts";
import { must } from "./process.ts";
import { ROOT } from "./root.ts";
import { printLine } from "./terminal.ts";

const TEMPLATE = new URL("./bundle/header.sh", import.meta.url);

async function makeBundle(entry: string, output: string): Promise<void> {
  checkVersion();
  const work = await Deno.makeTempDir({ prefix: "alknet-bundle-" });
  try {
    const files = await collectParts(entry, work);
    const payload = await pack(work, files);
    const id = createHash("sha256").update(payload).digest("hex").slice(0, 16);
    const header = renderHeader(await Deno.readTextFile(TEMPLATE), { id, files });
    await writeOutput(output, new TextEncoder().encode(header), payload);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

function checkVersion(): void {
  if (Deno.version.deno === DENO_VERSION) return;
  throw new ToolError(
    `Cannot bundle Deno ${Deno.version.deno}: run this as npx -y deno@${DENO_VERSION} task bundle`,
  );
}

async function collectParts(entry: string, work: string): Promise<string[]> {
  const parts = [{ entry, output: "main.js" }, ...WORKERS];
  for (const part of parts) await bundlePart(part.entry, join(work, part.output));
  await Deno.copyFile(Deno.execPath(), join(work, "deno"));
  await Deno.chmod(join(work, "deno"), 0o755);
  for (const asset of ASSETS) await Deno.copyFile(join(ROOT, asset), join(work, basename(asset)));
  return ["deno", ...parts.map((part) => part.output), ...ASSETS.map((path) => basename(path))];
}

/** The same parts give the same bytes: no times, owners or order of the machine that packs. */
async function pack(work: string, files: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const archive = join(work, "payload.tar");
  const plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await must(["tar", ...plain, "-cf", archive, "-C", work, ...files]);
  await must(["gzip", "-n", archive]);
  return await Deno.readFile(`${archive}.gz`);
}

async function writeOutput(
  output: string,
  header: Uint8Array<ArrayBuffer>,
  payload: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await Deno.mkdir(dirname(output), { recursive: true });
  const bytes = new Uint8Array(await new Blob([header, payload]).arrayBuffer());
  const unfinished = `${output}.new`;
  await Deno.writeFile(unfinished, bytes, { mode: 0o755 });
  await Deno.chmod(unfinished, 0o755);
  await Deno.rename(unfinished, output);
  const sum = createHash("sha256").update(bytes).digest("hex");
  await Deno.writeTextFile(`${output}.sha256`, `${sum}  ${basename(output)}\n`);
  printLine(`bundle: ${output} (${(bytes.length / 1e6).toFixed(1)} MB, sha256 ${sum})`);
}

if (import.meta.main) {
  const [entry = MAIN_ENTRY, output = "dist/alknet"] = Deno.args;
  await runTool("bundle", () => makeBundle(resolve(ROOT, entry), resolve(ROOT, output)));
}
