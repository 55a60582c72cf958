import { type Bytes, copyOf, wipe } from "./bytes.ts";
import { Argon2CostError } from "./vault_file_errors.ts";

/** What one guess at a passphrase costs (Argon2id, RFC 9106). */
export interface Argon2Cost {
  /** Memory in KiB. */
  readonly memoryKib: number;
  /** Passes over that memory. */
  readonly passes: number;
  /** Lanes. */
  readonly parallelism: number;
}

/** The second recommendation of RFC 9106 section 4: 64 MiB, 3 passes, 4 lanes. */
export const DEFAULT_ARGON2_COST: Argon2Cost = { memoryKib: 65_536, passes: 3, parallelism: 4 };

/** Most that a vault file may ask for, so that a hostile one can exhaust neither memory nor time. */
export const MAX_ARGON2_COST: Argon2Cost = { memoryKib: 1_048_576, passes: 16, parallelism: 16 };

/** Most memory times passes, in KiB: about ten seconds. */
const MAX_WORK_KIB = 4 * 1_048_576;

/** Whether `cost` can be computed and stays within the limits. */
export function isArgon2Cost(cost: Argon2Cost): boolean {
  const { memoryKib, passes, parallelism } = cost;
  const max = MAX_ARGON2_COST;
  return isWithin(parallelism, 1, max.parallelism) &&
    isWithin(passes, 1, max.passes) &&
    isWithin(memoryKib, 8 * parallelism, max.memoryKib) &&
    memoryKib * passes <= MAX_WORK_KIB;
}

/** 32 bytes of Argon2id version 1.3, computed by WebCrypto beside the event loop. */
export async function argon2id(
  passphrase: Uint8Array,
  salt: Uint8Array,
  cost: Argon2Cost,
): Promise<Bytes> {
  if (!isArgon2Cost(cost)) {
    throw new Argon2CostError(`Cannot run Argon2id with ${JSON.stringify(cost)}: out of range`);
  }
  const raw = copyOf(passphrase);
  try {
    // deno-fmt-ignore
    const key = await crypto.subtle.importKey("raw-secret", raw, "Argon2id", false, ["deriveBits"]);
    const { memoryKib: memory, passes, parallelism } = cost;
    const algorithm = { name: "Argon2id", nonce: copyOf(salt), memory, passes, parallelism };
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
  } finally {
    wipe(raw);
  }
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
