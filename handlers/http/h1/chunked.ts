import { H1Error } from "./errors.ts";

const MAX_LINE_BYTES = 4_096;
const MAX_TRAILER_BYTES = 65_536;
const LF = 10;
const CR = 13;

/**
 * Takes chunks apart (RFC 9112 section 7.1); extensions and trailers are read and dropped.
 *
 * ```text
 *  size ──► data ──► end of data ──► size
 *    └─ 0 ─► trailer ─► over
 * ```
 */
export class ChunkedDecoder {
  #state: "size" | "data" | "data-end" | "trailer" | "over" = "size";
  #line: number[] = [];
  #left = 0;
  #trailerBytes = 0;

  /** Whether the last chunk and its trailers have come. */
  get over(): boolean {
    return this.#state === "over";
  }

  /**
   * Takes what was read.
   *
   * @returns The data in it, as views, and how many bytes belonged to the body.
   * @throws {H1Error} For what is no chunk.
   */
  push(bytes: Uint8Array): { readonly data: Uint8Array[]; readonly used: number } {
    const data: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length && this.#state !== "over") {
      if (this.#state !== "data") {
        this.#take(bytes[at++] ?? 0);
        continue;
      }
      const part = bytes.subarray(at, at + this.#left);
      data.push(part);
      at += part.length;
      this.#left -= part.length;
      if (this.#left === 0) this.#state = "data-end";
    }
    return { data, used: at };
  }

  /** One byte of a line; lines end with CR LF and hold no CR otherwise. */
  #take(byte: number): void {
    if (byte !== LF) {
      if (this.#line.at(-1) === CR) throw new H1Error("Chunk has a line with a bare CR");
      if (this.#line.length >= MAX_LINE_BYTES) throw new H1Error("Chunk has a line too long");
      this.#line.push(byte);
      return;
    }
    if (this.#line.pop() !== CR) throw new H1Error("Chunk has a line without CR");
    const line = String.fromCharCode(...this.#line);
    this.#line = [];
    this.#endLine(line);
  }

  #endLine(line: string): void {
    switch (this.#state) {
      case "size":
        this.#left = sizeOf(line);
        this.#state = this.#left === 0 ? "trailer" : "data";
        return;
      case "data-end":
        if (line !== "") throw new H1Error("Chunk is longer than it said");
        this.#state = "size";
        return;
      case "trailer":
        this.#trailerBytes += line.length;
        if (this.#trailerBytes > MAX_TRAILER_BYTES) throw new H1Error("Trailers are too long");
        if (line === "") this.#state = "over";
    }
  }
}

function sizeOf(line: string): number {
  const [, digits] = /^([0-9a-f]{1,13})[ \t]*(?:;[\t\x20-\xff]*)?$/i.exec(line) ?? [];
  if (digits === undefined) throw new H1Error("Chunk has no size");
  return parseInt(digits, 16);
}
