import { wipe } from "./bytes.ts";
import { KeyDisposedError } from "./errors.ts";

/**
 * What a vault file held. It owns its bytes: wipe them with `using`.
 *
 * @example
 * ```ts
 * import { OpenVaultFile } from "@alknet/vault";
 * import { doesNotMatch } from "node:assert/strict";
 *
 * using file = new OpenVaultFile("vault.json", new Uint8Array([97]), new Uint8Array(32));
 * doesNotMatch(JSON.stringify(file), /97/);
 * ```
 */
export class OpenVaultFile implements Disposable {
  /** Where the file lies. */
  readonly path: string;
  readonly #mnemonic: Uint8Array<ArrayBuffer>;
  readonly #dataKey: Uint8Array<ArrayBuffer>;
  #disposed = false;

  /** Takes ownership of both arrays. */
  constructor(
    path: string,
    mnemonic: Uint8Array<ArrayBuffer>,
    dataKey: Uint8Array<ArrayBuffer>,
  ) {
    this.path = path;
    this.#mnemonic = mnemonic;
    this.#dataKey = dataKey;
  }

  /**
   * UTF-8 of the phrase, for {@linkcode Vault.unlock}; not a copy.
   *
   * @throws {KeyDisposedError} After it was wiped.
   */
  get mnemonic(): Uint8Array<ArrayBuffer> {
    this.#check();
    return this.#mnemonic;
  }

  /**
   * The 32 bytes that the file is encrypted with, for {@linkcode serveVaultAgent}; not a copy.
   *
   * @throws {KeyDisposedError} After it was wiped.
   */
  get dataKey(): Uint8Array<ArrayBuffer> {
    this.#check();
    return this.#dataKey;
  }

  /** Nothing but the path. */
  toJSON(): { path: string } {
    return { path: this.path };
  }

  /** Wipes phrase and data key; idempotent. */
  [Symbol.dispose](): void {
    wipe(this.#mnemonic, this.#dataKey);
    this.#disposed = true;
  }

  #check(): void {
    if (this.#disposed) throw new KeyDisposedError("Cannot use the vault file: it was wiped");
  }
}
