/**
 * QPACK (RFC 9204), both halves, without I/O: field lines to bytes and back with static table,
 * Huffman code and dynamic table.
 *
 * ```ts
 * import { QpackDecoder, QpackEncoder } from "@alknet/h3/qpack";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const limits = { maxTableBytes: 4_096, maxBlockedStreams: 16, maxFieldSectionBytes: 65_536 };
 * const encoder = new QpackEncoder();
 * const decoder = new QpackDecoder(limits);
 * const section = encoder.encode(0, [[":status", "200"], ["server", "alknet"]]);
 * deepStrictEqual(decoder.decode(0, section), [[":status", "200"], ["server", "alknet"]]);
 * ```
 *
 * @module
 */
export { QpackDecoder, type QpackDecoderLimits } from "./decoder.ts";
export { QpackEncoder, type QpackEncoderLimits } from "./encoder.ts";
export type { FieldLine } from "./static_table.ts";
