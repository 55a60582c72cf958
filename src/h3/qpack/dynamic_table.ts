import type { FieldLine } from "./static_table.ts";

/** What an entry takes beside its name and value (RFC 9204 section 3.2.1). */
const ENTRY_OVERHEAD_BYTES = 32;

/** Size of a field line by the rules of both the dynamic table and SETTINGS_MAX_FIELD_SECTION_SIZE. */
export function fieldLineBytes([name, value]: FieldLine): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES;
}

/**
 * The dynamic table (RFC 9204 section 3.2): entries by absolute index, which counts insertions from
 * 0 and is never used twice.
 */
export class DynamicTable {
  readonly #entries: FieldLine[] = [];
  #dropped = 0;
  #bytes = 0;
  #capacity = 0;

  /** How many entries were ever inserted; the next one's absolute index. */
  get insertCount(): number {
    return this.#dropped + this.#entries.length;
  }

  /** The oldest absolute index still there; equals `insertCount` in an empty table. */
  get oldest(): number {
    return this.#dropped;
  }

  /** Bytes it may hold now. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes it holds now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The entry with an absolute index, or undefined when it is gone or still to come. */
  at(index: number): FieldLine | undefined {
    return this.#entries[index - this.#dropped];
  }

  /** Changes the capacity and drops what no longer fits. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#shrinkTo(capacity);
  }

  /** Adds an entry and drops the oldest to make room; returns false when it fits at no price. */
  insert(line: FieldLine): boolean {
    const bytes = fieldLineBytes(line);
    if (bytes > this.#capacity) return false;
    this.#shrinkTo(this.#capacity - bytes);
    this.#entries.push(line);
    this.#bytes += bytes;
    return true;
  }

  #shrinkTo(bytes: number): void {
    while (this.#bytes > bytes) {
      const oldest = this.#entries.shift();
      if (!oldest) return;
      this.#dropped++;
      this.#bytes -= fieldLineBytes(oldest);
    }
  }
}
