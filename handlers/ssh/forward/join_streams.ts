import type { Stream } from "@alknet/core";

const BUFFER_BYTES = 32_768;

/**
 * Carries bytes between two streams until both directions have ended, each by itself; where one
 * breaks, both streams are given up. Never throws.
 */
export async function joinStreams(a: Stream, b: Stream): Promise<void> {
  try {
    await Promise.all([carry(a, b), carry(b, a)]);
  } catch {
    a.reset();
    b.reset();
  }
}

async function carry(from: Stream, to: Stream): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) return await to.closeWrite();
    await to.write(buffer.subarray(0, count)); // done with when it resolves
  }
}
