/** Bounds of forwarding. */
export interface ForwardLimits {
  /** Forwarded connections of one identity at once, over all its sessions. Default: 256. */
  readonly maxForwards: number;
  /** Ports and sockets listened on for one connection. Default: 16. */
  readonly maxListeners: number;
  /** Time to resolve and reach a destination. Default: 10,000. */
  readonly connectTimeoutMs: number;
  /** Time without a datagram after which a channel for datagrams ends. Default: 60,000. */
  readonly udpIdleMs: number;
}

/** What forwarding uses where nothing else is said. */
export const DEFAULT_FORWARD_LIMITS: ForwardLimits = {
  maxForwards: 256,
  maxListeners: 16,
  connectTimeoutMs: 10_000,
  udpIdleMs: 60_000,
};
