import { type Leaf, leafFromPem, ListenError, namesOfLeaf } from "@alknet/core";
import { pem } from "@alknet/core/der";

import { AccountKey } from "./account_key.ts";

/** Where keys and certificates are kept from one start to the next; only the node may read it. */
export interface AcmeStorage {
  /** Reads a file, or undefined where there is none. */
  read(file: string): Promise<string | undefined>;
  /** Makes or replaces a file, so that a crash leaves the old one or the new one. */
  write(file: string, text: string): Promise<void>;
}

const PRIVATE_KEY = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/;

/**
 * What is kept of one ACME server: a change of servers, say from staging to production, begins
 * anew and leaves what was there. Key and chain are one file, so that they always fit together.
 */
export class SavedState {
  readonly #storage: AcmeStorage;
  readonly #prefix: string;

  private constructor(storage: AcmeStorage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  /** The state for a server. */
  static async of(storage: AcmeStorage, directoryUrl: string): Promise<SavedState> {
    const { hostname, href } = new URL(directoryUrl);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(href));
    const short = new Uint8Array(digest).subarray(0, 4).toHex();
    return new SavedState(storage, `${hostname.replace(/[^\w.-]/g, "_")}-${short}`);
  }

  /**
   * The account key; made and kept where there is none.
   *
   * @throws {AcmeOptionsError} When the file holds something else.
   */
  async accountKey(): Promise<AccountKey> {
    const file = `${this.#prefix}.account.pem`;
    const text = await this.#storage.read(file);
    if (text !== undefined) return await AccountKey.import(fromPem(text));
    const key = await AccountKey.generate();
    await this.#storage.write(file, pem("PRIVATE KEY", await key.export()));
    return key;
  }

  /** The certificate, if there is one that can be used and has not expired. */
  async certificate(): Promise<Leaf | undefined> {
    const text = await this.#storage.read(this.#certificateFile);
    const key = PRIVATE_KEY.exec(text ?? "")?.[0];
    if (text === undefined || key === undefined) return undefined;
    try {
      const leaf = await leafFromPem({ cert: text.replace(PRIVATE_KEY, "").trimStart(), key });
      return leaf.notAfter.getTime() > Date.now() && namesOfLeaf(leaf).length > 0
        ? leaf
        : undefined;
    } catch (error) {
      if (error instanceof ListenError) return undefined; // damaged: a new one is ordered
      throw error;
    }
  }

  /** Keeps a certificate in place of the one before. */
  async keep({ cert, key }: Leaf): Promise<void> {
    await this.#storage.write(this.#certificateFile, `${key.trimEnd()}\n${cert}`);
  }

  get #certificateFile(): string {
    return `${this.#prefix}.certificate.pem`;
  }
}

/** What stands between the lines of PEM; nothing where there is none, which is no key either. */
function fromPem(text: string): Uint8Array<ArrayBuffer> {
  const [, body = ""] = PRIVATE_KEY.exec(text) ?? [];
  try {
    return Uint8Array.fromBase64(body.replace(/\s/g, ""));
  } catch {
    return new Uint8Array(); // refused by whoever imports it
  }
}
