/** Smaller rooms cost nothing to make. */
const MIN_BYTES = 16_384;
/** Rooms kept for the next replies: what is under way at a time in most sessions. */
const MAX_SPARE = 8;

/**
 * Room for the replies of one session that carry data. It is used again once a reply was sent: a new
 * one would be cleared first and collected soon, which costs more than reading the file.
 */
export class ReplyRooms {
  #spare: Uint8Array<ArrayBuffer>[] = [];

  /** Room for so many bytes, or more; what is in it is of no meaning. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes < MIN_BYTES) return new Uint8Array(bytes);
    const spare = this.#spare.pop();
    if (spare && spare.length >= bytes) return spare;
    this.#spare = []; // those of the same size as the one that is too small
    return new Uint8Array(bytes);
  }

  /** Takes back what a packet was made in; nobody may look at it any more. */
  give({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < MIN_BYTES) return;
    if (this.#spare.length < MAX_SPARE) this.#spare.push(new Uint8Array(buffer));
  }
}
