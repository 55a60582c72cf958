import { SshOptionError } from "../errors.ts";
import { plainText } from "../wire/plain_text.ts";

/** Fits in a packet that every client takes (RFC 4253 section 6.1). */
const MAX_BYTES = 16_384;

/**
 * A text for clients to show before the login, as it was given but with a line end.
 *
 * @throws {SshOptionError} For control characters, which would be a terminal's commands, and for
 * more than 16,384 bytes.
 *
 * @example
 * ```ts
 * import { checkedBanner, SshOptionError } from "@alknet/ssh";
 * import { strictEqual, throws } from "node:assert/strict";
 *
 * strictEqual(checkedBanner("Members only."), "Members only.\n");
 * throws(() => checkedBanner("\x1b[2J"), SshOptionError);
 * ```
 */
export function checkedBanner(text: string): string {
  if (plainText(text) !== text.replaceAll("\r\n", "\n")) {
    throw new SshOptionError("Cannot show this banner: it has control characters");
  }
  if (new TextEncoder().encode(text).length > MAX_BYTES) {
    throw new SshOptionError(`Cannot show this banner: it has over ${MAX_BYTES} bytes`);
  }
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
