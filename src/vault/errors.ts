/** Whose doing an error is: this program's, the peer's or store's, or the person's at the keyboard. */
export type Blame = "local" | "remote" | "user";

/** Thrown by everything that needs the seed while the vault is locked. */
export class VaultLockedError extends Error {
  /** Name of the class. */
  override readonly name = "VaultLockedError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown by both forms of unlock while the vault is unlocked, or is being unlocked. */
export class VaultAlreadyUnlockedError extends Error {
  /** Name of the class. */
  override readonly name = "VaultAlreadyUnlockedError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown for a phrase or a BIP-39 passphrase that cannot be one; never quotes a word of it. */
export class MnemonicError extends SyntaxError {
  /** Name of the class. */
  override readonly name = "MnemonicError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Thrown for a derivation path that is malformed, or that the curve cannot follow. */
export class DerivationPathError extends SyntaxError {
  /** Name of the class. */
  override readonly name = "DerivationPathError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown for a seed of a length that SLIP-0010 does not define. */
export class SeedError extends RangeError {
  /** Name of the class. */
  override readonly name = "SeedError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown by reads of a private key after it was wiped, so that zeros are never used as a key. */
export class KeyDisposedError extends Error {
  /** Name of the class. */
  override readonly name = "KeyDisposedError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown where a key of one type is given to a function for another. */
export class KeyTypeError extends TypeError {
  /** Name of the class. */
  override readonly name = "KeyTypeError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown for a key version that has no derivation path, or that the caller ruled out. */
export class KeyVersionError extends RangeError {
  /** Name of the class. */
  override readonly name = "KeyVersionError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown for a provider name that cannot be authenticated: empty, too long or not Unicode. */
export class ProviderNameError extends RangeError {
  /** Name of the class. */
  override readonly name = "ProviderNameError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown by `encrypt` for more plaintext than a blob may carry. */
export class PlaintextTooLargeError extends RangeError {
  /** Name of the class. */
  override readonly name = "PlaintextTooLargeError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown for a value that is not an encrypted blob. */
export class EncryptedDataError extends SyntaxError {
  /** Name of the class. */
  override readonly name = "EncryptedDataError";
  /** Who made it: the store that the blob came from. */
  readonly blame: Blame = "remote";
}

/**
 * Thrown where authentication fails. One message for every cause (wrong key, wrong provider, changed
 * bytes), so that it cannot serve as an oracle.
 */
export class DecryptionError extends Error {
  /** Name of the class. */
  override readonly name = "DecryptionError";
  /** Who made it: the store that the bytes came from. */
  readonly blame: Blame = "remote";
}
