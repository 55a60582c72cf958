import { join } from "node:path";

/** A piece of an encoded file: a field section, or bytes of the encoder stream (stream 0). */
export interface Block {
  readonly streamId: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Field sections that other programs encoded (testdata/qifs, from github.com/qpackers/qifs). */
export const QIFS = new URL("../testdata/qifs", import.meta.url).pathname;

/** Reads an encoded file: eight bytes of stream ID, four of length, the block; and so on. */
export async function readBlocks(name: string): Promise<Block[]> {
  const file = await Deno.readFile(join(QIFS, name));
  const view = new DataView(file.buffer);
  const blocks: Block[] = [];
  for (let offset = 0; offset < file.length;) {
    const end = offset + 12 + view.getUint32(offset + 8);
    blocks.push({
      streamId: Number(view.getBigUint64(offset)),
      bytes: file.slice(offset + 12, end),
    });
    offset = end;
  }
  return blocks;
}

/** Field sections in QIF: a line each of name, tabulator and value, an empty line between two. */
export function formatQif(sections: readonly (readonly (readonly [string, string])[])[]): string {
  return sections.map((lines) => lines.map(([name, value]) => `${name}\t${value}\n`).join(""))
    .join("\n");
}
