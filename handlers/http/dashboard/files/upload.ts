import { Refusal } from "./refusal.ts";
import type { Transfer } from "./transfer.ts";

/** What an upload is bound by. */
export interface UploadBounds {
  /** Most bytes of one file. */
  readonly maxUploadBytes: number;
  /** Bytes for which there is room, so that nobody sends in vain. */
  readonly freeBytes: number;
  /** Its place, which ends it when nothing arrives. */
  readonly transfer: Transfer;
}

/**
 * The contents of a file as they arrive. They have to be as long as was announced: else the browser
 * left on the way, and what came is no file.
 *
 * @throws {Refusal} For one without a length, too long, or broken off.
 */
export function uploadOf(request: Request, bounds: UploadBounds): AsyncIterable<Uint8Array> {
  const length = lengthOf(request.headers);
  if (length === undefined) throw new Refusal(411, "The browser did not say how long the file is");
  if (length > bounds.maxUploadBytes) {
    const most = bounds.maxUploadBytes.toLocaleString("en-GB");
    throw new Refusal(413, `The file is too large: ${most} bytes at most`);
  }
  if (length > bounds.freeBytes) throw new Refusal(507, "There is not enough room for the file");
  return arriving(request, length, bounds);
}

function lengthOf(headers: Headers): number | undefined {
  const field = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(field) ? Number(field) : undefined;
}

async function* arriving(
  { body }: Request,
  length: number,
  { transfer }: UploadBounds,
): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  const giveUp = (): void => void reader?.cancel(transfer.signal.reason).catch(() => {});
  transfer.signal.addEventListener("abort", giveUp, { once: true });
  let arrived = 0;
  try {
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
      transfer.moved();
      arrived += part.value.length;
      yield part.value;
    }
    transfer.signal.throwIfAborted();
    if (arrived !== length) throw brokenOff();
  } catch (error) {
    transfer.signal.throwIfAborted();
    throw error instanceof Refusal ? error : brokenOff(error);
  } finally {
    transfer.signal.removeEventListener("abort", giveUp);
    giveUp(); // what still comes is not wanted
  }
}

function brokenOff(cause?: unknown): Refusal {
  return new Refusal(400, "The upload broke off", { cause });
}
