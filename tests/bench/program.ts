import { fileURLToPath } from "node:url";

/** A program on Deno in a process of its own, which has said in one line of JSON where it is. */
export class Program<Reach> implements AsyncDisposable {
  /** What it said. */
  readonly reach: Reach;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, reach: Reach) {
    this.#child = child;
    this.reach = reach;
  }

  /** Starts one; what follows are its arguments. */
  static async start<Reach>(main: URL, ...rest: string[]): Promise<Program<Reach>> {
    const args = ["run", "-A", "--no-check", "--unstable-net", fileURLToPath(main), ...rest];
    const env = { DENO_NO_UPDATE_CHECK: "1" };
    const child = new Deno.Command(Deno.execPath(), { args, env, stdout: "piped" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) text += (await reader.read()).value ?? "\n";
    reader.cancel().catch(() => {}); // it prints nothing more
    return new Program<Reach>(child, JSON.parse(text));
  }

  get pid(): number {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}
