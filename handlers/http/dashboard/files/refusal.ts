import { FileError, type FileFault } from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import { TransferError } from "./transfer.ts";

/** Why something was not done, in words for the person at the browser. */
export class Refusal extends Error {
  /** The class's name. */
  override readonly name = "Refusal";
  /** Who has to act. */
  readonly blame = "user";
  /** The status of the response. */
  readonly status: number;

  /** Takes the status and the words. */
  constructor(status: number, words: string, options?: ErrorOptions) {
    super(words, options);
    this.status = status;
  }
}

const log = getLogger(["alknet", "http", "dashboard"]);

const FAULTS: Readonly<Record<FileFault, readonly [status: number, words: string]>> = {
  "missing": [404, "It is not there, or not any more"],
  "denied": [403, "You may not do that here: it is only to be read, or not yours"],
  "exists": [409, "Something of that name is there already"],
  "not-empty": [409, "The folder is not empty: delete what is in it first"],
  "is-folder": [409, "That is a folder"],
  "no-folder": [409, "That is no folder"],
  "bad-name": [400, "Nothing can have that name"],
  "full": [507, "There is no room left on the disk of the node"],
  "quota": [507, "There is no room left: your quota is used up"],
  "failed": [500, "That has failed; the node's log says why"],
};

/** What to tell somebody of an error; a defect of ours stays one. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof TransferError) {
    return error.end === "stalled"
      ? new Refusal(408, "Nothing arrived for too long", { cause: error })
      : new Refusal(403, "You may not do that any more", { cause: error });
  }
  if (!(error instanceof FileError)) throw error;
  const { fault } = error;
  if (fault === "failed") log.warn("dashboard.files-failed", { error });
  const [status, words] = FAULTS[fault];
  return new Refusal(status, words, { cause: error });
}
