import { DynamicTable, fieldLineBytes } from "./dynamic_table.ts";
import type { FieldLine } from "./static_table.ts";
import { QpackFormatError } from "./wire.ts";

/** Lines remembered as met once, candidates for the table. */
const MAX_CANDIDATES = 256;
/** Sections a peer may leave unacknowledged before the table is left alone. */
const MAX_UNACKNOWLEDGED_SECTIONS = 1_024;

/** A field section the peer has not acknowledged: it pins the entries it refers to. */
interface Section {
  readonly required: number;
  readonly oldest: number;
}

/**
 * The dynamic table as its encoder has to see it (RFC 9204 section 2.1): what the peer has
 * acknowledged, which entries are still referred to, which streams may be blocked.
 */
export class EncoderTable {
  /** Bytes it may hold. */
  readonly capacity: number;
  readonly #maxBlockedStreams: number;
  readonly #table = new DynamicTable();
  readonly #indices = new Map<string, number>();
  readonly #candidates = new Set<string>();
  readonly #sections = new Map<number, Section[]>();
  #sectionCount = 0;
  #known = 0;

  /** @param options Capacity, and how many streams may wait for entries. */
  constructor(options: { capacity: number; maxBlockedStreams: number }) {
    this.capacity = options.capacity;
    this.#maxBlockedStreams = options.maxBlockedStreams;
    this.#table.resize(options.capacity);
  }

  /** How many entries were ever inserted. */
  get insertCount(): number {
    return this.#table.insertCount;
  }

  /** The absolute index of a line, while it is there. */
  find(key: string): number | undefined {
    const index = this.#indices.get(key);
    return index !== undefined && index >= this.#table.oldest ? index : undefined;
  }

  /**
   * Inserts a line met before, if there is room that nobody needs.
   *
   * @param pinned The oldest entry the section being encoded refers to.
   * @returns Its absolute index.
   */
  insert(key: string, line: FieldLine, pinned: number): number | undefined {
    const wanted = this.#candidates.has(key);
    if (!wanted) this.#remember(key);
    if (!wanted || !this.#hasRoom(fieldLineBytes(line), pinned)) return undefined;
    this.#candidates.delete(key);
    this.#table.insert(line);
    const index = this.insertCount - 1;
    this.#indices.set(key, index);
    if (this.#indices.size > 2 * MAX_CANDIDATES) this.#forgetDropped();
    return index;
  }

  /** Whether a section on that stream may refer to an entry. */
  mayRefer(streamId: number, index: number): boolean {
    if (this.#sectionCount >= MAX_UNACKNOWLEDGED_SECTIONS) return false;
    if (index < this.#known) return true;
    const atRisk = [...this.#sections].filter(([, sections]) =>
      sections.some(({ required }) => required > this.#known)
    );
    return atRisk.length < this.#maxBlockedStreams || atRisk.some(([id]) => id === streamId);
  }

  /** Notes the references of a section on its way. */
  sent(streamId: number, references: readonly (number | undefined)[], required: number): void {
    if (required === 0) return;
    const used = references.filter((index) => index !== undefined);
    const section = { required, oldest: Math.min(...used) };
    const sections = this.#sections.get(streamId);
    if (sections) sections.push(section);
    else this.#sections.set(streamId, [section]);
    this.#sectionCount++;
  }

  /** Section Acknowledgment (RFC 9204 section 4.4.1). */
  acknowledged(streamId: number): void {
    const sections = this.#sections.get(streamId);
    const section = sections?.shift();
    if (!section) throw new QpackFormatError(`Nothing to acknowledge on stream ${streamId}`);
    if (sections?.length === 0) this.#sections.delete(streamId);
    this.#sectionCount--;
    this.#known = Math.max(this.#known, section.required);
  }

  /** Stream Cancellation (RFC 9204 section 4.4.2). */
  cancelled(streamId: number): void {
    this.#sectionCount -= this.#sections.get(streamId)?.length ?? 0;
    this.#sections.delete(streamId);
  }

  /** Insert Count Increment (RFC 9204 section 4.4.3). */
  received(increment: number): void {
    if (increment === 0 || this.#known + increment > this.insertCount) {
      throw new QpackFormatError(`Insert Count Increment of ${increment}`);
    }
    this.#known += increment;
  }

  /** An entry may go only when the peer has it and no section under way refers to it. */
  #hasRoom(bytes: number, pinnedFrom: number): boolean {
    if (bytes > this.capacity / 2) return false;
    let pinned = Math.min(this.#known, pinnedFrom);
    for (const sections of this.#sections.values()) {
      for (const { oldest } of sections) pinned = Math.min(pinned, oldest);
    }
    let free = this.capacity - this.#table.bytes;
    for (let index = this.#table.oldest; free < bytes && index < pinned; index++) {
      free += fieldLineBytes(this.#table.at(index) ?? ["", ""]);
    }
    return free >= bytes;
  }

  #remember(key: string): void {
    if (this.#candidates.size >= MAX_CANDIDATES) this.#candidates.clear();
    this.#candidates.add(key);
  }

  #forgetDropped(): void {
    for (const [key, index] of this.#indices) {
      if (index < this.#table.oldest) this.#indices.delete(key);
    }
  }
}
