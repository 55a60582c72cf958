import { CallError } from "@alknet/operations";

/** Time between signs of life, so that nothing on the way takes a quiet stream for dead. */
const HEARTBEAT_MS = 15_000;

/** Who follows. */
export interface EventStreamOptions {
  /** Whether it may go on; asked from time to time. */
  isOpen(): boolean;
  /** Told once there is nobody to send to, or nothing more to send. */
  over(): void;
}

/**
 * Items as server-sent events: `item` for each, `end` with a word at the end. The next item is asked
 * for once the one before has been taken, and leaving aborts.
 *
 * @param items What to send.
 */
export function eventStream(
  items: AsyncIterable<unknown>,
  { isOpen, over }: EventStreamOptions,
): Response {
  const encoder = new TextEncoder();
  const iterator = items[Symbol.asyncIterator]();
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller): void {
      heartbeat = setInterval(() => {
        if (!isOpen()) return over(); // which ends the items
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(":\n\n"));
      }, HEARTBEAT_MS);
      controller.enqueue(encoder.encode("retry: 5000\n\n"));
    },
    async pull(controller): Promise<void> {
      const { text, last } = await nextEvent(iterator);
      controller.enqueue(encoder.encode(text));
      if (!last) return;
      clearInterval(heartbeat);
      over();
      controller.close();
    },
    async cancel(): Promise<void> {
      clearInterval(heartbeat);
      over();
      await iterator.return?.();
    },
  }, { highWaterMark: 2 });
  const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
  return new Response(body, { headers });
}

async function nextEvent(
  iterator: AsyncIterator<unknown>,
): Promise<{ readonly text: string; readonly last: boolean }> {
  try {
    const { done, value } = await iterator.next();
    return done
      ? { text: event("end", "It has ended"), last: true }
      : { text: event("item", JSON.stringify(value, null, 2)), last: false };
  } catch (error) {
    const known = error instanceof CallError ? `${error.code}: ${error.message}` : "It has failed";
    return { text: event("end", known), last: true };
  }
}

/** Several lines of data become one text with line breaks again at the other end. */
function event(name: string, data: string): string {
  return `event: ${name}\n${data.split("\n").map((line) => `data: ${line}\n`).join("")}\n`;
}
