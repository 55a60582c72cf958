import { timingSafeEqual } from "node:crypto";
import { ShardedMap } from "./sharded_map.ts";

/** A token as memory holds it. */
export interface TokenRecord<Owner> {
  /** SHA-256 of the whole token. */
  readonly hash: Uint8Array;
  /** Milliseconds since 1970; `Infinity` for no end. */
  readonly expiresAt: number;
  /** Whom it stands for. */
  readonly owner: Owner;
}

/**
 * Tokens by what is public about them, so that one look-up compares few. Within a bucket all are
 * compared, each in constant time. Where tokens have no public prefix the bucket is the first 32
 * bits of the hash, which tell nothing of a secret of 128 bits or more.
 */
export class TokenTable<Owner> {
  readonly #buckets = new ShardedMap<readonly TokenRecord<Owner>[]>();

  /** Adds a token to a bucket. */
  add(bucket: string, token: TokenRecord<Owner>): void {
    this.#buckets.set(bucket, [...this.#buckets.get(bucket) ?? [], token]);
  }

  /** Removes an owner's token from a bucket. */
  remove(bucket: string, owner: Owner): void {
    const left = this.#buckets.get(bucket)?.filter((each) => each.owner !== owner) ?? [];
    if (left.length > 0) this.#buckets.set(bucket, left);
    else this.#buckets.delete(bucket);
  }

  /** The token with this hash in any of the buckets, if it is valid now. */
  find(buckets: readonly string[], hash: Uint8Array, now: number): Owner | undefined {
    let found: Owner | undefined;
    for (const bucket of buckets) {
      for (const token of this.#buckets.get(bucket) ?? []) {
        const match = timingSafeEqual(hash, token.hash);
        if (match && now < token.expiresAt) found = token.owner;
      }
    }
    return found;
  }
}

/** The bucket of a token with a public prefix. */
export function prefixBucket(prefix: string): string {
  return `alk_${prefix}`;
}

/** The bucket of a token without one. */
export function hashBucket(hash: Uint8Array): string {
  return hash.subarray(0, 4).toHex();
}

/**
 * Reads a hash as `hashToken` of `@alknet/core` writes it.
 *
 * @returns The 32 bytes, or undefined for any other text.
 */
export function parseTokenHash(text: string): Uint8Array | undefined {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(text)?.[1];
  return hex === undefined ? undefined : Uint8Array.fromHex(hex);
}
