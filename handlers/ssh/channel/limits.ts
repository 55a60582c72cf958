/** Bounds of the channels of one connection. */
export interface ChannelLimits {
  /** Channels open at once. Default: 128. */
  readonly maxChannels: number;
  /** Bytes held for the reader of one of the first few channels. Default: 2,097,152. */
  readonly windowBytes: number;
  /** How many channels have such a window; later ones have an eighth of it. Default: 8. */
  readonly wideChannels: number;
  /** Requests of one channel not yet answered. Default: 64. */
  readonly maxPendingRequests: number;
}

/** What a connection uses where nothing else is said. */
export const DEFAULT_CHANNEL_LIMITS: ChannelLimits = {
  maxChannels: 128,
  windowBytes: 2_097_152,
  wideChannels: 8,
  maxPendingRequests: 64,
};
