import { fileURLToPath } from "node:url";

import type { Backend } from "../../backend.ts";

/** Writes one row of settings and touches it. */
export async function put(backend: Backend, name: string, value = "x"): Promise<void> {
  await backend.write(async (tx, touch) => {
    await tx.insertInto("settings").values({ name, value })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value })).execute();
    touch("settings", name);
  });
}

/** Names of all rows of settings that a test has written. */
export async function names(backend: Backend): Promise<string[]> {
  const rows = await backend.db.selectFrom("settings").select("name")
    .where("name", "not like", "store.%").orderBy("name").execute();
  return rows.map(({ name }) => name);
}

/** Waits until a condition holds; fails after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > 10_000) throw new Error(`Waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** A process that runs `child.ts`; its lines come one by one. */
export class Child implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #read: Promise<void>;
  #wake = Promise.withResolvers<void>();
  #ended = false;

  constructor({ env }: { env?: Record<string, string> }, ...args: string[]) {
    const script = fileURLToPath(new URL("./child.ts", import.meta.url));
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, ...args],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#read = this.#collect();
  }

  /** Waits for a line. */
  async line(text: string): Promise<void> {
    for (let from = 0;;) {
      const found = this.lines.indexOf(text, from);
      if (found >= 0) return;
      if (this.#ended) throw new Error(`The child ended without "${text}"`);
      from = this.lines.length;
      await this.#wake.promise;
    }
  }

  /** Ends it at once. */
  kill9(): void {
    this.#process.kill("SIGKILL");
  }

  /** Waits for its end; returns the exit code. */
  async ended(): Promise<number> {
    await this.#read;
    return (await this.#process.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.kill9();
    await this.ended();
  }

  async #collect(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts);
      this.#signal();
    }
    this.#ended = true;
    this.#signal();
  }

  #signal(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
