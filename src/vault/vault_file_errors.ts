import type { Blame } from "./errors.ts";

/** What is wrong with a vault file. */
export type VaultFileFault =
  /** There is no file at the path. */
  | "missing"
  /** There is a file where a new one was to be made. */
  | "exists"
  /** It cannot be read or written: permissions, a full disk, not a regular file. */
  | "inaccessible"
  /** It is not a vault file, or it was truncated or edited. */
  | "malformed"
  /** It was made by a later version of alknet. */
  | "unsupported"
  /** It has no slot of the kind that was to open it. */
  | "no-slot"
  /** What it holds does not decrypt: damaged, or the key belongs to another vault. */
  | "undecryptable";

/** Thrown for a vault file that cannot be used; the message says what to do. */
export class VaultFileError extends Error {
  /** Name of the class. */
  override readonly name = "VaultFileError";
  /** Who has to act. */
  readonly blame: Blame = "user";
  /** What is wrong. */
  readonly fault: VaultFileFault;

  /** Keeps the fault beside the message. */
  constructor(fault: VaultFileFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** Thrown where the passphrase does not open the vault file, or its passphrase slot was changed. */
export class WrongPassphraseError extends Error {
  /** Name of the class. */
  override readonly name = "WrongPassphraseError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Thrown for a passphrase that no slot is made with: empty or too long. */
export class PassphraseLengthError extends RangeError {
  /** Name of the class. */
  override readonly name = "PassphraseLengthError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Thrown for a key file that is missing, is not one, or that others can read. */
export class KeyFileError extends Error {
  /** Name of the class. */
  override readonly name = "KeyFileError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Thrown for Argon2id costs outside the limits. */
export class Argon2CostError extends RangeError {
  /** Name of the class. */
  override readonly name = "Argon2CostError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}
