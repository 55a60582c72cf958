import type { Address } from "@alknet/core";

/** Which of the protocols a client speaks. */
export type ProxyProtocol = "socks4" | "socks5" | "http";

/** What a client wants, whatever it said it in. */
export interface ProxyRequest {
  /** The protocol, which decides what a reply looks like. */
  readonly protocol: ProxyProtocol;
  /** A connection, or datagrams (SOCKS 5 alone). */
  readonly command: "connect" | "udp-associate";
  /**
   * Where to: a name as the client wrote it, for the far end to resolve, or an address. With
   * `udp-associate`, where the client will send from, often all zeros.
   */
  readonly destination: Address;
  /** The user that was authenticated; undefined where nobody was asked. */
  readonly user?: string;
}
