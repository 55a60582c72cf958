/** Fills memory, frees most of it in between, and prints resident bytes before and after as JSON. */
import { giveBackSpareMemory } from "../spare_memory.ts";

const BLOCKS = 4_000;
const BLOCK_BYTES = 65_536;
/** One in so many is kept, so that what lies between stays with the allocator. */
const KEPT_OF = 50;

const spare = giveBackSpareMemory({ lookMs: 50, slackBytes: 1_000_000 });
const blocks = Array.from({ length: BLOCKS }, () => new Uint8Array(BLOCK_BYTES).fill(1));
const full = Deno.memoryUsage().rss;
for (const [index, block] of blocks.entries()) {
  if (index % KEPT_OF > 0) block.buffer.transfer(0);
}
await new Promise((resolve) => setTimeout(resolve, 1_000));
await spare[Symbol.asyncDispose]();
const later = Deno.memoryUsage().rss;
const kept = blocks.reduce((bytes, block) => bytes + block.byteLength, 0);
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ full, later, kept })));
