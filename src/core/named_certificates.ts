import type { Leaf } from "./certificate.ts";
import type { RawTlsService } from "./transport/raw_tls.ts";

/**
 * A certificate for some names only, beside the one a listener has of its own: the way to have one
 * that browsers trust and be dialled by key on the same port.
 *
 * TLS clients get it when the server name they ask for (SNI, RFC 6066 section 3) is one of its
 * names. Deno's QUIC has one certificate for all: which of the two is the listener's
 * `quicCertificate`.
 */
export interface NamedCertificates {
  /** The present certificate, or undefined while there is none. */
  readonly leaf: Leaf | undefined;
  /** Names it is valid for, lower case; none while there is none. */
  readonly names: readonly string[];
  /**
   * The certificate for a handshake over TLS, or undefined for the listener's own.
   *
   * @param serverName What the client asks for, in lower case; empty where it does not say.
   */
  leafFor(serverName: string): Leaf | undefined;
  /**
   * What proves names to who issues the certificate, where Deno's TLS cannot. Default: nothing.
   */
  readonly raw?: RawTlsService;
  /**
   * Calls back whenever `leaf` has changed.
   *
   * @returns What ends that.
   */
  onChange(listener: () => void): () => void;
}
