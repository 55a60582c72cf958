/**
 * QPACK against field sections that six other implementations encoded, with and without dynamic
 * table, blocked streams and acknowledgements, and against broken ones
 * (github.com/qpackers/qifs, MIT; the part of it that the RFC still has as it was in draft 5).
 */
import { ok, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";

import { H3ConnectionError } from "@alknet/h3";
import { type FieldLine, QpackDecoder, QpackEncoder } from "@alknet/h3/qpack";

import { formatQif, QIFS, readBlocks } from "./h3/qifs.ts";

/** Errors of drafts that are none any longer: entries 0 and 62 of the static table exist. */
const NO_LONGER_ERRORS: ReadonlySet<string> = new Set(["err9", "err10"]);
const QIF = (await Deno.readTextFile(join(QIFS, "netbsd-hq.qif"))).replace(/^#.*\n/gm, "")
  .trimEnd();

for (const { name } of Deno.readDirSync(QIFS)) {
  const [, tableBytes, blocked] = /\.(\d+)\.(\d+)\.[01]$/.exec(name) ?? [];
  if (tableBytes === undefined) continue;
  Deno.test(`QPACK decodes ${name}`, async () => {
    const limits = { maxTableBytes: Number(tableBytes), maxBlockedStreams: Number(blocked) };
    strictEqual(formatQif(await decodeAll(name, limits)).trimEnd(), QIF);
  });
}

for (const { name } of Deno.readDirSync(join(QIFS, "errors"))) {
  if (NO_LONGER_ERRORS.has(name)) continue;
  Deno.test(`QPACK refuses errors/${name}`, async () => {
    const decoder = newDecoder({ maxTableBytes: 4096, maxBlockedStreams: 16 });
    for (const { streamId, bytes } of await readBlocks(`errors/${name}`)) {
      throws(
        () => streamId === 0 ? decoder.readEncoderStream(bytes) : decoder.decode(streamId, bytes),
        H3ConnectionError,
      );
    }
  });
}

Deno.test("QPACK encodes those field sections smaller with a dynamic table", async () => {
  const sections = await decodeAll("f5.256.0.1", { maxTableBytes: 256, maxBlockedStreams: 0 });
  const [plain, dynamic] = [0, 4096].map((maxTableBytes) => {
    const encoder = new QpackEncoder();
    const decoder = newDecoder({ maxTableBytes, maxBlockedStreams: 16 });
    encoder.configure({ maxTableBytes, maxBlockedStreams: 16 });
    let total = 0;
    sections.forEach((lines, index) => {
      const section = encoder.encode(index * 4, lines);
      const instructions = encoder.takeInstructions();
      total += section.length + (instructions?.length ?? 0);
      if (instructions) decoder.readEncoderStream(instructions);
      strictEqual(formatQif([decoder.decode(index * 4, section) ?? []]), formatQif([lines]));
      const acknowledged = decoder.takeInstructions();
      if (acknowledged) encoder.readDecoderStream(acknowledged);
    });
    return total;
  });
  ok(plain !== undefined && dynamic !== undefined && dynamic < plain / 2);
});

async function decodeAll(
  name: string,
  limits: { maxTableBytes: number; maxBlockedStreams: number },
): Promise<FieldLine[][]> {
  const decoder = newDecoder(limits);
  const sections = new Map<number, FieldLine[]>();
  const waiting = new Map<number, Uint8Array>();
  for (const { streamId, bytes } of await readBlocks(name)) {
    if (streamId === 0) decoder.readEncoderStream(bytes);
    else waiting.set(streamId, bytes);
    for (const [id, section] of waiting) {
      const lines = decoder.decode(id, section);
      if (!lines) continue;
      sections.set(id, lines);
      waiting.delete(id);
    }
  }
  strictEqual(waiting.size, 0);
  return [...sections].sort(([a], [b]) => a - b).map(([, lines]) => lines);
}

/** Files of that collection take the table for set up; the RFC has encoders say so themselves. */
function newDecoder(limits: { maxTableBytes: number; maxBlockedStreams: number }): QpackDecoder {
  const decoder = new QpackDecoder({ ...limits, maxFieldSectionBytes: 65_536 });
  decoder.readEncoderStream(setCapacity(limits.maxTableBytes));
  return decoder;
}

/** Set Dynamic Table Capacity (RFC 9204 section 4.3.1), by hand. */
function setCapacity(capacity: number): Uint8Array<ArrayBuffer> {
  if (capacity < 31) return new Uint8Array([0x20 | capacity]);
  const bytes = [0x3f];
  let rest = capacity - 31;
  for (; rest >= 128; rest >>= 7) bytes.push(0x80 | rest & 0x7f);
  return new Uint8Array([...bytes, rest]);
}
