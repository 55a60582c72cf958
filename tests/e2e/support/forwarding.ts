import type { Machine } from "./cli.ts";

/** What `alknet forward --json` and `alknet socks --json` print. */
export interface ForwardingEvent {
  readonly event: "connected" | "lost" | "listening" | "failed";
  readonly side?: "here" | "there";
  readonly forward?: string;
  readonly address?: string;
  readonly reason?: string;
}

/** `alknet forward` or `alknet socks`, while it runs. */
export class Forwarding implements AsyncDisposable {
  /** Everything it has told so far. */
  readonly events: ForwardingEvent[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #errors: Promise<string>;
  #arrival = Promise.withResolvers<void>();
  #isOver = false;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#errors = new Response(child.stderr).text();
    this.#reading = this.#read().finally(() => {
      this.#isOver = true;
      this.#arrival.resolve();
    });
  }

  /** Starts one on a machine; `args` without `--json`. */
  static start(machine: Machine, ...args: readonly string[]): Forwarding {
    return new Forwarding(machine.spawn("--json", ...args));
  }

  /** Waits for an event, and takes it and what came before it out. */
  async until(isWanted: (event: ForwardingEvent) => boolean): Promise<ForwardingEvent> {
    for (;;) {
      const at = this.events.findIndex(isWanted);
      const [wanted] = at < 0 ? [] : this.events.splice(0, at + 1).slice(-1);
      if (wanted) return wanted;
      if (this.#isOver) throw new TypeError(`It ended: ${await this.#errors}`);
      await this.#arrival.promise;
    }
  }

  /** Waits until it listens for a forward, and returns where. */
  async address(forward: string): Promise<string> {
    const event = await this.until((each) =>
      each.event === "listening" && each.forward === forward
    );
    return event.address ?? "";
  }

  /** Waits for its end: the exit code and what it said. */
  async end(): Promise<{ code: number; err: string }> {
    const { code } = await this.#child.status;
    return { code, err: await this.#errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await this.#child.stdin.close().catch(() => {});
    await Promise.all([this.#child.status, this.#reading, this.#errors]);
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.events.push(...lines.map((line) => JSON.parse(line)));
      this.#arrival.resolve();
      this.#arrival = Promise.withResolvers<void>();
    }
  }
}
