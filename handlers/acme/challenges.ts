import type { Address, Leaf } from "@alknet/core";

import { challengeCertificate } from "./challenge_certificate.ts";
import { HttpChallengeListener } from "./http_challenge_listener.ts";

/** Ways to prove that a name is this node's, as ACME calls them. */
export const CHALLENGE_TYPES = ["tls-alpn-01", "http-01"] as const;

/** One of {@linkcode CHALLENGE_TYPES}. */
export type ChallengeType = typeof CHALLENGE_TYPES[number];

/** What a challenge is answered with. */
export interface ChallengeAnswer {
  readonly type: ChallengeType;
  readonly name: string;
  readonly token: string;
  /** Token and thumbprint of the account key (RFC 8555 section 8.1). */
  readonly keyAuthorization: string;
}

/** The challenges that are open now: what the certificate authority is told when it asks. */
export class OpenChallenges {
  readonly #httpAddress: Address;
  readonly #leaves = new Map<string, Leaf>();

  /** None is open; proofs over HTTP will be given at the address. */
  constructor(httpAddress: Address) {
    this.#httpAddress = httpAddress;
  }

  /**
   * Answers a challenge until what is returned is disposed of.
   *
   * @throws {ListenError} When the address for HTTP cannot be bound.
   */
  async open({ type, name, token, keyAuthorization }: ChallengeAnswer): Promise<Disposable> {
    if (type === "http-01") {
      return new HttpChallengeListener(this.#httpAddress, { token, keyAuthorization });
    }
    const leaf = await challengeCertificate(name, keyAuthorization);
    this.#leaves.set(name, leaf);
    return { [Symbol.dispose]: () => void this.#leaves.delete(name) };
  }

  /** The certificate that proves a name, while it has to be proven over TLS (RFC 8737). */
  leafFor(name: string): Leaf | undefined {
    return this.#leaves.get(name);
  }
}
