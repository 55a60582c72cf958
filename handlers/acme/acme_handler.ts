import type { Handler } from "@alknet/core";

/** ALPN identifier of tls-alpn-01 challenges (RFC 8737 section 6.2). */
export const ALPN = "acme-tls/1";

/**
 * The protocol of which the handshake is all: the certificate authority has seen the certificate,
 * and the connection is closed without a byte of data (RFC 8737 section 3).
 */
export function acmeHandler(): Handler {
  return {
    name: "acme",
    alpn: [ALPN],
    accept: (conn) => Promise.resolve(conn.close()),
  };
}
