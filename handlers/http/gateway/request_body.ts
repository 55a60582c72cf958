import type { WebLimits } from "../door/limits.ts";
import { HttpProblem } from "../door/problem.ts";

/** What a body may be. */
export type BodyLimits = Pick<WebLimits, "maxBodyBytes" | "bodyTimeoutMs">;

/** A body that was read. */
export interface JsonBody {
  /** As it came. */
  readonly text: string;
  /** What it says. */
  readonly value: unknown;
}

/**
 * Reads a body of JSON, within size and time.
 *
 * Other content types are refused: a page of another origin could send them with a visitor's client
 * certificate and without asking first. Compressed bodies are refused: nothing here unpacks.
 *
 * @throws {HttpProblem} 400, 408, 413 or 415.
 */
export async function readJson(request: Request, limits: WebLimits): Promise<JsonBody> {
  checkType(request.headers);
  const text = await readBody(request, limits);
  return { text, value: parseJson(text, "The body") };
}

/**
 * Parses JSON.
 *
 * @param what How the text is called in the error.
 * @throws {HttpProblem} 400 when it is none.
 */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidRequest(`${what} is not JSON`);
  }
}

/** 400 for a request that is not what the route takes. */
export function invalidRequest(message: string): HttpProblem {
  return new HttpProblem(400, "INVALID_REQUEST", message);
}

function checkEncoding(headers: Headers): void {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.trim().toLowerCase() === "identity") return;
  throw new HttpProblem(415, "UNSUPPORTED_MEDIA_TYPE", "Compressed bodies are not taken", {
    headers: { "accept-encoding": "identity" },
  });
}

function checkType(headers: Headers): void {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json" || /^application\/[\w.-]+\+json$/.test(type)) return;
  throw new HttpProblem(
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    "The body must have the content type application/json",
    { headers: { "accept": "application/json" } },
  );
}

/**
 * Reads a body of text, within size and time.
 *
 * @throws {HttpProblem} 400, 408, 413 or 415.
 */
export async function readBody(
  { body, headers }: Request,
  { maxBodyBytes, bodyTimeoutMs }: BodyLimits,
): Promise<string> {
  checkEncoding(headers);
  if (Number(headers.get("content-length") ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes);
  if (!body) return "";
  const reader = body.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, bodyTimeoutMs);
  try {
    const text = await collect(reader, maxBodyBytes);
    if (late) throw new HttpProblem(408, "TIMEOUT", "The body took too long", { retryable: true });
    return text;
  } finally {
    clearTimeout(timer);
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  let text = "";
  try {
    for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
      bytes += value?.length ?? 0;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      text += decoder.decode(value, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    reader.cancel().catch(() => {}); // what still comes is not wanted
    if (error instanceof HttpProblem) throw error;
    throw invalidRequest("The body broke off, or is not UTF-8");
  }
}

function tooLarge(maxBytes: number): HttpProblem {
  return new HttpProblem(413, "CONTENT_TOO_LARGE", `The body has more than ${maxBytes} bytes`);
}
