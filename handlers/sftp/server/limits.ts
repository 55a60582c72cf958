/** Bounds of one session; a client learns the first two (`limits@openssh.com`). */
export interface SftpLimits {
  /** Longest packet in bytes, its length not counted. Default: 262,144. */
  readonly maxPacketBytes: number;
  /** Files and directories open at a time. Default: 512. */
  readonly maxHandles: number;
  /** Bytes of requests under way and of answers not yet sent. Default: 4,194,304. */
  readonly maxPendingBytes: number;
}

/** What a session uses where nothing else is said. */
export const DEFAULT_SFTP_LIMITS: SftpLimits = {
  maxPacketBytes: 262_144,
  maxHandles: 512,
  maxPendingBytes: 4_194_304,
};

/** Room in a packet for everything but the data of a read or a write. */
export const PACKET_OVERHEAD_BYTES = 1_024;
