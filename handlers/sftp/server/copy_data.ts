import { SftpError } from "../sftp_error.ts";
import { StatusCode } from "../wire/codes.ts";
import { status } from "./answer_packets.ts";
import type { RequestOf, SessionState } from "./state.ts";

const CHUNK_BYTES = 262_144;

/**
 * Copies a range of one open file into another, without the data going to the client and back
 * (draft-ietf-secsh-filexfer-extensions-00 section 7). A length of 0 means up to the end.
 */
export async function copyData(
  { handles, signal }: SessionState,
  { id, from, fromOffset, length, to, toOffset }: RequestOf<"copyData">,
): Promise<Uint8Array> {
  const source = handles.file(from);
  const goal = handles.file(to);
  if (!source.mode.read || !goal.mode.write) throw new SftpError(StatusCode.PermissionDenied);
  const size = (await source.file.stat()).size;
  const count = Math.min(length || Infinity, Math.max(0, size - fromOffset));
  if (source.file === goal.file && overlaps(fromOffset, toOffset, count)) {
    throw new SftpError(StatusCode.Failure, "Source and destination overlap");
  }
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, count));
  for (let copied = 0; copied < count;) {
    signal.throwIfAborted();
    const part = buffer.subarray(0, count - copied);
    const read = await source.file.read(part, fromOffset + copied);
    if (read === 0) break;
    await goal.file.write(part.subarray(0, read), toOffset + copied);
    copied += read;
  }
  return status(id, StatusCode.Ok);
}

function overlaps(a: number, b: number, count: number): boolean {
  return a < b + count && b < a + count;
}
