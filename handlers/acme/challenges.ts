import type { Address, RawConnection, RawTlsService } from "@alknet/core";

import { type ChallengeCertificate, challengeCertificate } from "./challenge_certificate.ts";
import { HttpChallengeListener } from "./http_challenge_listener.ts";
import { TlsFormatError } from "./tls/byte_reader.ts";
import { challengeHandshake } from "./tls/challenge_handshake.ts";
import { readClientHello } from "./tls/client_hello.ts";

/** ALPN identifier of tls-alpn-01 challenges (RFC 8737 section 6.2). */
export const ALPN = "acme-tls/1";

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

/**
 * The challenges that are open now: what the certificate authority is told when it asks. Over TLS
 * it asks with one ALPN, and the handshake is all there is to it (RFC 8737 section 3).
 */
export class OpenChallenges implements RawTlsService {
  readonly #httpAddress: Address;
  readonly #certificates = new Map<string, ChallengeCertificate>();

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
    this.#certificates.set(name, await challengeCertificate(name, keyAuthorization));
    return { [Symbol.dispose]: () => void this.#certificates.delete(name) };
  }

  /** Whether a name is being proven over TLS. */
  get wanted(): boolean {
    return this.#certificates.size > 0;
  }

  /** Whether it is the authority, asking for a name that is being proven. */
  recognizes(firstBytes: Uint8Array<ArrayBuffer>): boolean | undefined {
    try {
      const hello = readClientHello(firstBytes);
      return hello && hello.alpn[0] === ALPN && this.#certificates.has(hello.serverName);
    } catch (error) {
      if (error instanceof TlsFormatError) return false;
      throw error;
    }
  }

  /** Shows the proof. */
  async serve(conn: RawConnection): Promise<void> {
    await challengeHandshake(conn, (name) => this.#certificates.get(name), ALPN);
  }
}
