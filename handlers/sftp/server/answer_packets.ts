import { textOf } from "../sftp_error.ts";
import type { ByteWriter } from "../wire/byte_writer.ts";
import { StatusCode } from "../wire/codes.ts";
import { encodeReply } from "../wire/replies.ts";

/** A STATUS, with the code's own text where none is given. */
export function status(id: number, code: StatusCode, message: string = textOf(code)): Uint8Array {
  return encodeReply({ kind: "status", id, status: code, message, language: "en" });
}

/** A STATUS that says Ok. */
export function done(id: number): Uint8Array {
  return status(id, StatusCode.Ok);
}

/** A HANDLE. */
export function named(id: number, handle: Uint8Array): Uint8Array {
  return encodeReply({ kind: "handle", id, handle });
}

/** A NAME with one path. */
export function oneName(id: number, name: string): Uint8Array {
  return encodeReply({ kind: "name", id, entries: [{ name, longname: name, attrs: {} }] });
}

/** An EXTENDED_REPLY with what was written. */
export function extended(id: number, writer: ByteWriter): Uint8Array {
  return encodeReply({ kind: "extended", id, payload: writer.payload() });
}
