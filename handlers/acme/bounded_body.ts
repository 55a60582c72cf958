import { AcmeProtocolError } from "./errors.ts";

/** Largest answer of an ACME server that is read, in bytes; a chain has some 10 KB. */
export const MAX_ANSWER_BYTES = 262_144;

/**
 * Reads a response as text.
 *
 * @throws {AcmeProtocolError} When it is larger than {@linkcode MAX_ANSWER_BYTES}.
 */
export async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the body.
    if (bytes > MAX_ANSWER_BYTES) {
      throw new AcmeProtocolError(`Server answered with more than ${MAX_ANSWER_BYTES} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
