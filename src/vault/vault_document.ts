/**
 * The vault file as text (docs/adr/0005), without I/O and without cryptography.
 *
 * ```
 * { "format": "alknet-vault", "version": 1,
 *   "slots": [ { "type": "passphrase", "kdf": "argon2id", "salt": …, "memory_kib": …, "passes": …,
 *                "parallelism": …, "iv": …, "data": … },
 *              { "type": "keyfile", "iv": …, "data": … } ],
 *   "records": { "mnemonic": { "iv": …, "data": … } } }
 * ```
 */
import { IV_BYTES, TAG_BYTES } from "./aes_gcm.ts";
import { type Argon2Cost, isArgon2Cost } from "./argon2.ts";
import { type ByteBounds, decodeBase64, encodeBase64 } from "./base64.ts";
import type { Bytes } from "./bytes.ts";
import { VaultFileError } from "./vault_file_errors.ts";

/** First thing a vault file says of itself. */
export const VAULT_FORMAT = "alknet-vault";

/** Version of the format. */
export const VAULT_FORMAT_VERSION = 1;

/** Length of the data key and of what is wrapped in each slot, in bytes. */
export const DATA_KEY_BYTES = 32;

/** Nonce and ciphertext of AES-256-GCM. */
export interface Sealed {
  readonly iv: Bytes;
  readonly data: Bytes;
}

/** The data key under a key made from a passphrase. */
export interface PassphraseSlot extends Sealed {
  readonly type: "passphrase";
  readonly salt: Bytes;
  readonly cost: Argon2Cost;
}

/** The data key under the 32 bytes of a key file. */
export interface KeyFileSlot extends Sealed {
  readonly type: "keyfile";
}

/** One way to open a vault file. */
export type KeySlot = PassphraseSlot | KeyFileSlot;

/** A vault file, parsed. */
export interface VaultDocument {
  /** At least one; at most one of each type. */
  readonly slots: readonly KeySlot[];
  /** The phrase under the data key. */
  readonly mnemonic: Sealed;
}

const SALT_BOUNDS: ByteBounds = { min: 16, max: 64 };
const IV_BOUNDS: ByteBounds = { min: IV_BYTES, max: IV_BYTES };
const WRAPPED_BOUNDS: ByteBounds = {
  min: DATA_KEY_BYTES + TAG_BYTES,
  max: DATA_KEY_BYTES + TAG_BYTES,
};
const RECORD_BOUNDS: ByteBounds = { min: TAG_BYTES + 1, max: 1024 };

/** Text of a vault file. */
export function formatVaultDocument({ slots, mnemonic }: VaultDocument): string {
  const document = {
    format: VAULT_FORMAT,
    version: VAULT_FORMAT_VERSION,
    slots: slots.map(slotToJson),
    records: { mnemonic: sealedToJson(mnemonic) },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Reads the text of a vault file; throws {@linkcode VaultFileError} and nothing else. */
export function parseVaultDocument(text: string): VaultDocument {
  const document = objectOf(parseJson(text), "the file");
  if (document.get("format") !== VAULT_FORMAT) {
    throw malformed("it does not say that it is a vault");
  }
  if (document.get("version") !== VAULT_FORMAT_VERSION) {
    throw new VaultFileError(
      "unsupported",
      `Cannot read the vault file: its version is not ${VAULT_FORMAT_VERSION}: update alknet`,
    );
  }
  onlyKeys(document, ["format", "version", "slots", "records"], "the file");
  const records = objectOf(document.get("records"), "records");
  onlyKeys(records, ["mnemonic"], "records");
  const mnemonic = objectOf(records.get("mnemonic"), "records.mnemonic");
  onlyKeys(mnemonic, ["iv", "data"], "records.mnemonic");
  return {
    slots: slotsOf(document.get("slots")),
    mnemonic: sealedOf(mnemonic, RECORD_BOUNDS),
  };
}

function slotToJson(slot: KeySlot): Record<string, unknown> {
  if (slot.type === "keyfile") return { type: slot.type, ...sealedToJson(slot) };
  const { memoryKib, passes, parallelism } = slot.cost;
  return {
    type: slot.type,
    kdf: "argon2id",
    salt: encodeBase64(slot.salt),
    memory_kib: memoryKib,
    passes,
    parallelism,
    ...sealedToJson(slot),
  };
}

function sealedToJson({ iv, data }: Sealed): Record<string, string> {
  return { iv: encodeBase64(iv), data: encodeBase64(data) };
}

function slotsOf(value: unknown): KeySlot[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) throw malformed("no slots");
  const slots = value.map((slot) => slotOf(objectOf(slot, "a slot")));
  if (new Set(slots.map(({ type }) => type)).size < slots.length) {
    throw malformed("two slots of one type");
  }
  return slots;
}

function slotOf(slot: Fields): KeySlot {
  const type = slot.get("type");
  if (type === "keyfile") {
    onlyKeys(slot, ["type", "iv", "data"], "the keyfile slot");
    return { type, ...sealedOf(slot, WRAPPED_BOUNDS) };
  }
  if (type !== "passphrase" || slot.get("kdf") !== "argon2id") throw malformed("an unknown slot");
  onlyKeys(
    slot,
    ["type", "kdf", "salt", "memory_kib", "passes", "parallelism", "iv", "data"],
    "the passphrase slot",
  );
  const salt = decodeBase64(slot.get("salt"), SALT_BOUNDS);
  if (!salt) throw malformed("a salt that is none");
  return { type, salt, cost: costOf(slot), ...sealedOf(slot, WRAPPED_BOUNDS) };
}

function costOf(slot: Fields): Argon2Cost {
  const number = (name: string): number => {
    const value = slot.get(name);
    return typeof value === "number" ? value : NaN;
  };
  const cost = {
    memoryKib: number("memory_kib"),
    passes: number("passes"),
    parallelism: number("parallelism"),
  };
  if (!isArgon2Cost(cost)) throw malformed("a passphrase cost outside the limits");
  return cost;
}

function sealedOf(fields: Fields, bounds: ByteBounds): Sealed {
  const iv = decodeBase64(fields.get("iv"), IV_BOUNDS);
  const data = decodeBase64(fields.get("data"), bounds);
  if (!iv || !data) throw malformed("bytes that are no base64 of the right length");
  return { iv, data };
}

/** Own properties of a JSON object; nothing inherited. */
type Fields = ReadonlyMap<string, unknown>;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed("it is not JSON", { cause });
  }
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(`${what}: not an object`);
  }
  return new Map(Object.entries(value));
}

/** Refuses fields of an unknown meaning, which writing the file again would lose. */
function onlyKeys(fields: Fields, allowed: readonly string[], what: string): void {
  for (const name of fields.keys()) {
    if (!allowed.includes(name)) throw malformed(`${what}: an unknown field`);
  }
}

function malformed(detail: string, options?: ErrorOptions): VaultFileError {
  const message = `Cannot read the vault file: ${detail}: restore it from a backup, ` +
    "or make it again from the words";
  return new VaultFileError("malformed", message, options);
}
