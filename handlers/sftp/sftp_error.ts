import type { Blame } from "@alknet/core";

import { StatusCode } from "./wire/codes.ts";

/** Thrown where a request fails: by backends for their reasons, by the client for the server's. */
export class SftpError extends Error {
  /** The class's name. */
  override readonly name = "SftpError";
  /** Whose doing it is: the one who asked, unless a server says that it failed. */
  readonly blame: Blame;
  /** The code that stands for it on the wire. */
  readonly status: StatusCode;

  /** Takes the code, and a text where the code's own says too little. */
  constructor(status: StatusCode, message?: string, options?: ErrorOptions) {
    super(message ?? textOf(status), options);
    this.status = status;
    this.blame = status === StatusCode.Failure ? "remote" : "user";
  }
}

const TEXTS: Readonly<Record<StatusCode, string>> = {
  [StatusCode.Ok]: "Success",
  [StatusCode.Eof]: "End of file",
  [StatusCode.NoSuchFile]: "No such file",
  [StatusCode.PermissionDenied]: "Permission denied",
  [StatusCode.Failure]: "Failure",
  [StatusCode.BadMessage]: "Bad message",
  [StatusCode.NoConnection]: "No connection",
  [StatusCode.ConnectionLost]: "Connection lost",
  [StatusCode.OpUnsupported]: "Operation unsupported",
};

/** What a code says by itself. */
export function textOf(status: StatusCode): string {
  return TEXTS[status];
}

/** One of the codes of version 3; Failure for any other number. */
export function statusOf(code: number): StatusCode {
  return Object.values(StatusCode).find((each) => each === code) ?? StatusCode.Failure;
}
