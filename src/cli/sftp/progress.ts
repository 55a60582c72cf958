import { bytesText } from "../bytes_text.ts";
import { printable } from "./printable.ts";

/** How often the line is drawn anew. */
const REDRAW_MS = 100;
/** Time over which the shown speed is taken. */
const SPEED_WINDOW_MS = 3_000;
const BAR_CHARACTERS = 24;

/** Where a line of progress is drawn. */
export interface ProgressScreen {
  /** Writes text as it is. */
  write(text: string): void;
  /** Characters that fit a line. */
  readonly columns: number;
}

/**
 * One line that says how far a copy is. It is drawn on standard error and only on a terminal, so
 * that nothing of it ends up in files.
 */
export class Progress implements Disposable {
  readonly #screen?: ProgressScreen;
  readonly #now: () => number;
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];
  #label = "";
  #bytes = 0;
  #totalBytes?: number;
  #drawnAt = -Infinity;
  #drawn = false;

  /** Takes the screen, or undefined to draw nothing, and a clock for tests. */
  constructor(screen?: ProgressScreen, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#now = now;
  }

  /** Begins something of a known or unknown size. */
  begin(label: string, totalBytes?: number): void {
    this.#label = label;
    this.#totalBytes = totalBytes;
    this.#bytes = 0;
    this.#samples.length = 0;
    this.#draw(true);
  }

  /** What is being done has another name now. */
  relabel(label: string): void {
    this.#label = label;
  }

  /** So many bytes more. */
  readonly add = (bytes: number): void => {
    this.#bytes += bytes;
    this.#draw(false);
  };

  /** Leaves the line as it is and goes on below it. */
  finish(): void {
    if (!this.#screen) return;
    this.#draw(true);
    this.#screen.write("\n");
    this.#drawn = false;
  }

  [Symbol.dispose](): void {
    if (this.#drawn) this.#screen?.write("\n");
  }

  #draw(now: boolean): void {
    const at = this.#now();
    if (!this.#screen || (!now && at - this.#drawnAt < REDRAW_MS)) return;
    this.#drawnAt = at;
    this.#samples.push({ at, bytes: this.#bytes });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > SPEED_WINDOW_MS) {
      this.#samples.shift();
    }
    this.#screen.write(`\r${fit(this.#line(), this.#screen.columns - 1)}\x1b[K`);
    this.#drawn = true;
  }

  #line(): string {
    const speed = this.#speed();
    const parts = [this.#label, bytesText(this.#bytes)];
    if (this.#totalBytes) {
      const share = Math.min(1, this.#bytes / this.#totalBytes);
      const full = Math.round(share * BAR_CHARACTERS);
      parts.push(`[${"#".repeat(full)}${"-".repeat(BAR_CHARACTERS - full)}]`);
      parts.push(`${Math.floor(share * 100)}%`);
    }
    parts.push(`${bytesText(speed)}/s`);
    const left = (this.#totalBytes ?? 0) - this.#bytes;
    if (speed > 0 && left > 0) parts.push(`${formatSeconds(left / speed)} left`);
    return parts.join("  ");
  }

  #speed(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at <= first.at) return 0;
    return (last.bytes - first.bytes) / ((last.at - first.at) / 1000);
  }
}

/** Standard error, where that is a terminal. */
export function progressScreen(): ProgressScreen | undefined {
  if (!Deno.stderr.isTerminal()) return undefined;
  const encoder = new TextEncoder();
  return {
    write: (text) => {
      Deno.stderr.writeSync(encoder.encode(text));
    },
    get columns() {
      return Deno.consoleSize().columns;
    },
  };
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

function fit(text: string, columns: number): string {
  const clean = printable(text);
  return clean.length <= columns ? clean : clean.slice(0, Math.max(0, columns));
}
