import type { MessageWriter } from "./message_writer.ts";
import type { FieldLine } from "./qpack/static_table.ts";
import { fieldLines } from "./response_head.ts";

/** What sending a response needs beside the response. */
export interface SendOptions {
  /** The request's method. */
  readonly method: string;
  /** Asked for trailers when the body has ended. */
  trailers(): Promise<readonly FieldLine[]>;
  /** Called with what makes reading the body stop; returns what undoes it. */
  onAbort(cancel: (reason: unknown) => void): void;
}

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * Sends a response: its head together with as much of the body as is there at once, the rest as it
 * comes, each piece when the one before was taken.
 */
export async function sendResponse(
  writer: MessageWriter,
  response: Response,
  options: SendOptions,
): Promise<void> {
  const { body } = response;
  if (!body || options.method === "HEAD") {
    await body?.cancel();
    writer.head(headOf(response, body || options.method === "HEAD" ? undefined : 0));
    return await writer.end(await options.trailers());
  }
  const reader: BodyReader = body.getReader();
  options.onAbort((reason) => void reader.cancel(reason).catch(ignoreEnded));
  try {
    await sendBody(writer, response, { reader, trailers: options.trailers });
  } catch (error) {
    reader.cancel(error).catch(ignoreEnded);
    throw error;
  }
}

async function sendBody(
  writer: MessageWriter,
  response: Response,
  { reader, trailers }: { reader: BodyReader; trailers: SendOptions["trailers"] },
): Promise<void> {
  let pending = reader.read();
  const first = await soon(pending);
  let length: number | undefined;
  if (first?.done) length = 0;
  else if (first) {
    pending = reader.read();
    if ((await soon(pending))?.done) length = first.value.length;
  }
  writer.head(headOf(response, length));
  if (!first) await writer.flush();
  if (first?.value) await writer.content(first.value);
  for (let next = await pending; !next.done; next = await reader.read()) {
    await writer.content(next.value);
  }
  await writer.end(await trailers());
}

function headOf(response: Response, length: number | undefined): FieldLine[] {
  const { status, headers } = response;
  const lines = fieldLines([[":status", `${status}`]], headers);
  const bodiless = status === 204 || status === 304;
  if (length !== undefined && !bodiless && !headers.has("content-length")) {
    lines.push(["content-length", `${length}`]);
  }
  if (!headers.has("date")) lines.push(["date", dateNow()]);
  return lines;
}

/** How many turns of the microtask queue a body is waited for: a string takes some five. */
const SOON_TURNS = 16;

/** What a promise resolves to if that needs no turn of the event loop. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  let result: T | undefined;
  promise.then((value) => result = value, ignoreEnded);
  for (let turn = 0; turn < SOON_TURNS && result === undefined; turn++) await undefined;
  return result;
}

let date = "";
let dateSecond = 0;

/** The Date field (RFC 9110 section 6.6.1), made once a second. */
function dateNow(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(second * 1_000).toUTCString();
  }
  return date;
}

/** Giving up what is already over is no failure; whoever awaits the promise itself sees it. */
function ignoreEnded(): void {}
