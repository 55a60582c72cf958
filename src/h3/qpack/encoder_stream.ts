import type { DynamicTable } from "./dynamic_table.ts";
import { type FieldLine, STATIC_TABLE } from "./static_table.ts";
import { QpackFormatError, type WireReader, type WireWriter } from "./wire.ts";

/**
 * Follows one instruction of the peer's encoder (RFC 9204 section 4.3).
 *
 * @throws {TruncatedError} When it has not all arrived; the table is untouched then.
 * @throws {QpackFormatError} When it cannot be followed.
 */
export function readInstruction(
  reader: WireReader,
  table: DynamicTable,
  maxTableBytes: number,
): void {
  const first = reader.next;
  if (first & 0x80) {
    const [name] = referred(reader.integer(6), (first & 0x40) !== 0, table);
    insert(table, [name, reader.string(7, table.capacity)]);
  } else if (first & 0x40) {
    insert(table, [reader.string(5, table.capacity), reader.string(7, table.capacity)]);
  } else if (first & 0x20) {
    const capacity = reader.integer(5);
    if (capacity > maxTableBytes) throw new QpackFormatError(`Table capacity ${capacity}`);
    table.resize(capacity);
  } else {
    insert(table, referred(reader.integer(5), false, table));
  }
}

function referred(index: number, isStatic: boolean, table: DynamicTable): FieldLine {
  const line = isStatic ? STATIC_TABLE[index] : table.at(table.insertCount - 1 - index);
  if (!line) throw new QpackFormatError(`Instruction refers to a missing entry ${index}`);
  return line;
}

function insert(table: DynamicTable, line: FieldLine): void {
  if (!table.insert(line)) throw new QpackFormatError("Entry does not fit into the dynamic table");
}

/** Writes Set Dynamic Table Capacity. */
export function writeCapacity(writer: WireWriter, capacity: number): void {
  writer.integer(0x20, 5, capacity);
}

/** Writes Insert With Name Reference, or With Literal Name where the static table lacks it. */
export function writeInsert(
  writer: WireWriter,
  [name, value]: FieldLine,
  staticName: number | undefined,
): void {
  if (staticName === undefined) writer.string(0x40, 5, name);
  else writer.integer(0xc0, 6, staticName);
  writer.string(0x00, 7, value);
}
