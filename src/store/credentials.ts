import type { CredentialStore, EncryptedRecord } from "@alknet/core";
import type { Selectable, Transaction } from "kysely";
import type { Changes } from "./change_log.ts";
import { checkText } from "./checks.ts";
import { StoreSerializationError } from "./errors.ts";
import type { Apply, MemoryIndex } from "./feed.ts";
import type { Writing } from "./peer_rows.ts";
import type { CredentialsTable, Schema } from "./schema.ts";
import type { StoreContext } from "./store_context.ts";

/** Largest secret kept, in bytes of ciphertext. */
const MAX_CREDENTIAL_BYTES = 1_114_112;

/** All credentials in memory, still encrypted. */
export class CredentialMirror implements MemoryIndex {
  /** By the provider's name, sorted. */
  current: ReadonlyMap<string, EncryptedRecord> = new Map();

  /** Reads all; there are few. */
  async load(tx: Transaction<Schema>): Promise<Apply> {
    const rows = await tx.selectFrom("credentials").selectAll().orderBy("provider").execute();
    const next = new Map(rows.map((row) => [row.provider, recordOf(row)]));
    return () => {
      this.current = next;
    };
  }

  /** Reads all again when any changed. */
  update(tx: Transaction<Schema>, changes: Changes): Promise<Apply> {
    return changes.has("credentials") ? this.load(tx) : Promise.resolve(() => {});
  }
}

/** Outbound secrets, as the vault encrypted them. */
export class Credentials implements CredentialStore {
  readonly #context: StoreContext;
  readonly #mirror: CredentialMirror;

  /** Made by `openStore`. */
  constructor(context: StoreContext, mirror: CredentialMirror) {
    this.#context = context;
    this.#mirror = mirror;
  }

  /** See {@linkcode CredentialStore.get}. */
  get(provider: string): EncryptedRecord | undefined {
    return this.#mirror.current.get(provider);
  }

  /** See {@linkcode CredentialStore.names}. */
  names(): readonly string[] {
    return [...this.#mirror.current.keys()].sort();
  }

  /**
   * See {@linkcode CredentialStore.put}.
   *
   * @throws {StoreSerializationError} When it does not look like what the vault makes.
   */
  put(provider: string, record: EncryptedRecord): Promise<void> {
    return this.#context.change((writing) => writeCredential(writing, provider, record));
  }

  /** See {@linkcode CredentialStore.replace}. */
  replace(provider: string, seen: EncryptedRecord, next: EncryptedRecord): Promise<boolean> {
    return this.#context.change(async (writing) => {
      const row = await writing.tx.selectFrom("credentials").selectAll()
        .where("provider", "=", provider)
        .executeTakeFirst();
      if (!row || !isSame(recordOf(row), seen)) return false;
      await writeCredential(writing, provider, next);
      return true;
    });
  }

  /** See {@linkcode CredentialStore.delete}. */
  delete(provider: string): Promise<void> {
    return this.#context.change(async ({ tx, touch }) => {
      const { numDeletedRows } = await tx.deleteFrom("credentials")
        .where("provider", "=", provider)
        .executeTakeFirstOrThrow();
      if (numDeletedRows > 0n) touch("credentials", provider);
    });
  }

  /** Calls back after every change; returns a function that stops it. */
  onChange(listener: () => void): () => void {
    return this.#context.onChange(["credentials"], listener);
  }
}

async function writeCredential(
  { tx, touch, now }: Writing,
  provider: string,
  record: EncryptedRecord,
): Promise<void> {
  const row = rowOf(provider, record, now);
  await tx.insertInto("credentials").values(row)
    .onConflict((conflict) => conflict.column("provider").doUpdateSet(row))
    .execute();
  touch("credentials", provider);
}

function rowOf(
  provider: string,
  { key_version: keyVersion, ...texts }: EncryptedRecord,
  now: number,
): Selectable<CredentialsTable> {
  checkText("a provider's name", provider);
  const [salt, iv, data] = [texts.salt, texts.iv, texts.data].map(bytesOf);
  const good = Number.isSafeInteger(keyVersion) && keyVersion > 0 && salt && iv && data &&
    data.length <= MAX_CREDENTIAL_BYTES;
  if (good) return { provider, key_version: keyVersion, salt, iv, data, updated_at: now };
  throw new StoreSerializationError("Cannot store a secret: it is not what the vault makes");
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined; // the caller says which record it was
  }
}

function recordOf(row: Selectable<CredentialsTable>): EncryptedRecord {
  return {
    key_version: row.key_version,
    salt: new Uint8Array(row.salt).toBase64(),
    iv: new Uint8Array(row.iv).toBase64(),
    data: new Uint8Array(row.data).toBase64(),
  };
}

function isSame(a: EncryptedRecord, b: EncryptedRecord): boolean {
  return a.key_version === b.key_version && a.salt === b.salt && a.iv === b.iv && a.data === b.data;
}
