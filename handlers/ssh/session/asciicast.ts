import type { TerminalSize } from "@alknet/core";
import { join } from "node:path";

import type { PtyRequest } from "./requests.ts";
import type { TerminalRecorder } from "./terminal_run.ts";

/** What {@linkcode recordAsciicast} is told. */
export interface AsciicastOptions {
  /** Directory for recordings; made where it is missing, for its owner alone. */
  readonly directory: string;
  /** Whose session it is, for the name of the file. */
  readonly peer: string;
  /** The terminal. */
  readonly request: PtyRequest;
  /** Size at which a recording stops, while the session goes on. Default: 268,435,456. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 268_435_456;

/**
 * Records what a terminal shows in a file that `asciinema play` shows again (asciicast v2). What is
 * typed is recorded only as far as it is shown.
 *
 * @param options Where, and whose.
 * @returns The recorder.
 *
 * @example
 * ```ts
 * import { recordAsciicast } from "@alknet/ssh";
 * import { match } from "node:assert/strict";
 *
 * const directory = await Deno.makeTempDir();
 * const request = { term: "xterm", size: { columns: 80, rows: 24 } };
 * const recorder = await recordAsciicast({ directory, peer: "alice", request });
 * await recorder.output(new TextEncoder().encode("hello"));
 * await recorder.end();
 *
 * const [file] = Array.from(Deno.readDirSync(directory));
 * match(Deno.readTextFileSync(`${directory}/${file?.name}`), /"o","hello"\]\n$/);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function recordAsciicast(options: AsciicastOptions): Promise<TerminalRecorder> {
  const { directory, peer, request: { term, size }, maxBytes = MAX_BYTES } = options;
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const begun = new Date();
  const name = [peer, begun.toISOString(), crypto.randomUUID().slice(0, 8)].join("-")
    .replaceAll(/[^\w.-]/g, "_");
  const path = join(directory, `${name}.cast`);
  const file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const recorder = new Asciicast(file, begun.getTime(), maxBytes);
  await recorder.header(size, term);
  return recorder;
}

class Asciicast implements TerminalRecorder {
  readonly #file: Deno.FsFile;
  readonly #begunMs: number;
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: Deno.FsFile, begunMs: number, maxBytes: number) {
    this.#file = file;
    this.#begunMs = begunMs;
    this.#maxBytes = maxBytes;
  }

  header({ columns, rows }: TerminalSize, term: string): Promise<void> {
    const timestamp = Math.floor(this.#begunMs / 1000);
    return this.#line({ version: 2, width: columns, height: rows, timestamp, env: { TERM: term } });
  }

  output(bytes: Uint8Array): Promise<void> {
    return this.#event("o", this.#decoder.decode(bytes, { stream: true }));
  }

  resize({ columns, rows }: TerminalSize): Promise<void> {
    return this.#event("r", `${columns}x${rows}`);
  }

  async end(): Promise<void> {
    await this.#writing;
    this.#file.close();
  }

  #event(kind: "o" | "r", data: string): Promise<void> {
    return this.#line([(Date.now() - this.#begunMs) / 1000, kind, data]);
  }

  #line(value: unknown): Promise<void> {
    const line = this.#encoder.encode(`${JSON.stringify(value)}\n`);
    if (this.#bytes + line.length > this.#maxBytes) return Promise.resolve();
    this.#bytes += line.length;
    return this.#writing = this.#writing.then(async () => {
      for (let at = 0; at < line.length;) at += await this.#file.write(line.subarray(at));
    });
  }
}
