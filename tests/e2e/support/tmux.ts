import { runProgram } from "./cli.ts";

/** A terminal that a test sits at, by tmux: it shows a screen, takes keys and changes its size. */
export class Tmux implements AsyncDisposable {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Runs a command line on a new terminal of 80 by 24. */
  static async start(
    command: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Tmux> {
    const tmux = new Tmux(`alknet-${crypto.randomUUID().slice(0, 8)}`);
    const size = ["-x", "80", "-y", "24"];
    const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    await tmux.#run("-f", "/dev/null", "new-session", "-d", ...size, ...variables, command);
    return tmux;
  }

  /** Types keys by tmux's names, such as `C-c` and `Enter`. */
  async keys(...keys: readonly string[]): Promise<void> {
    await this.#run("send-keys", ...keys);
  }

  /** Changes the size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#run("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Waits until the screen shows something; fails with the screen when it does not. */
  async shows(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const screen = await this.#run("capture-pane", "-p").catch(() => "(ended)");
      if (pattern.test(screen)) return screen;
      if (performance.now() > deadline) {
        throw new TypeError(`The screen does not show ${pattern}:\n${screen}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run("kill-server").catch(() => {}); // it ends with its last program
  }

  async #run(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await runProgram("tmux", ["-L", this.#socket, ...args]);
    if (code !== 0) throw new TypeError(`tmux ${args[0]} failed: ${err}`);
    return out;
  }
}

/** Uses a shell on a new terminal as a person would, and checks what a terminal has to do. */
export async function useShell(tmux: Tmux): Promise<void> {
  await tmux.shows(/[#$]\s*$/m);
  await tmux.keys("PS1='ready> '; stty size", "Enter");
  await tmux.shows(/^24 80$/m);
  await tmux.resize(77, 25);
  await tmux.keys("stty size", "Enter");
  await tmux.shows(/^25 77$/m);
  await tmux.keys("sleep 60", "Enter");
  await tmux.keys("C-c");
  await tmux.keys("echo rc=$? grüße", "Enter");
  await tmux.shows(/^rc=130 grüße$/m);
}
