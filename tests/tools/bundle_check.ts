/**
 * Starts the self-extracting file with an empty cache, no network but loopback and no
 * configuration, and serves a request with it. `bundle_check.ts [file]`
 */
import { join, resolve } from "node:path";

import { runTool, ToolError } from "./errors.ts";
import { missing } from "./programs.ts";
import { capture } from "./process.ts";
import { ROOT } from "./root.ts";
import { printLine } from "./terminal.ts";

const INSIDE = "--inside";
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** Runs this script again where there is no network, if the machine lets us. */
async function withoutNetwork(file: string): Promise<number> {
  const cut = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  const possible = !missing("unshare") && !missing("ip") &&
    (await capture([...cut, "true"])).code === 0;
  if (!possible) printLine("bundle: the network cannot be cut off here: checked with it");
  const self = [Deno.execPath(), "run", "-A", import.meta.filename ?? "", INSIDE, file];
  const [program = "", ...args] = possible ? [...cut, ...self] : self;
  return (await new Deno.Command(program, { args, stdin: "null" }).spawn().status).code;
}

async function check(file: string): Promise<void> {
  if (!await isFile(file)) throw new ToolError(`Run deno task bundle first: no file "${file}"`);
  const home = await Deno.makeTempDir({ prefix: "alknet bundle " });
  const env = { ALKNET_HOME: join(home, "node"), XDG_CACHE_HOME: join(home, "cache"), HOME: home };
  const begun = performance.now();
  const node = new Deno.Command(file, {
    args: ["serve", "--listen", "127.0.0.1:0"],
    env,
    cwd: home,
    stdin: "null",
  }).spawn();
  try {
    const port = await listening(file, env, node);
    printLine(`bundle: first start, unpacking included: ${seconds(performance.now() - begun)}`);
    await request(port);
    await useWorker(file, env);
    node.kill("SIGTERM");
    const { code } = await node.status;
    if (code !== 0) throw new ToolError(`The node ended with code ${code} after SIGTERM`);
  } finally {
    await stop(node);
    await Deno.remove(home, { recursive: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Asks the node for its status until it names the port it listens on. */
async function listening(
  file: string,
  env: Record<string, string>,
  node: Deno.ChildProcess,
): Promise<number> {
  let ended = false;
  node.status.then(() => ended = true);
  for (const end = performance.now() + START_TIMEOUT_MS; performance.now() < end && !ended;) {
    const { output } = await capture([file, "status", "--json"], { env });
    const port = /(?:127\.0\.0\.1:|"port":\s*)([1-9]\d*)/.exec(output)?.[1];
    if (port) return Number(port);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new ToolError(
    ended ? "The node ended by itself" : "The node does not say where it listens",
  );
}

async function request(port: number): Promise<void> {
  const url = `https://127.0.0.1:${port}/healthz`;
  for (const version of ["--http2", "--http1.1"]) {
    const curl = ["curl", "-sSk", "--fail", "--max-time", "10", version, url];
    const { code, output } = await capture(curl);
    if (code !== 0) throw new ToolError(`Request failed: ${curl.join(" ")}: ${output.trim()}`);
    printLine(`bundle: curl ${version} ${url}: ${output.trim()}`);
  }
}

/** The store's check runs in a worker, which lies in a file of its own. */
async function useWorker(file: string, env: Record<string, string>): Promise<void> {
  const command = new Deno.Command(file, { args: ["store", "check"], env, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const output = new TextDecoder().decode(code === 0 ? stdout : stderr).trim();
  if (code !== 0) throw new ToolError(`The store's worker does not run: ${output}`);
  printLine(`bundle: alknet store check: ${output}`);
}

async function stop(node: Deno.ChildProcess): Promise<void> {
  try {
    node.kill("SIGKILL");
  } catch (error) {
    // It has ended already, which is what we want.
    if (!(error instanceof TypeError)) throw error;
  }
  await node.status;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

if (import.meta.main) {
  const inside = Deno.args[0] === INSIDE;
  const file = resolve(ROOT, (inside ? Deno.args[1] : Deno.args[0]) ?? "dist/alknet");
  if (!inside) Deno.exit(await withoutNetwork(file));
  await runTool("bundle", () => check(file));
}
