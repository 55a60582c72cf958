/** Bytes of the length before each packet (RFC 4253 section 6). */
export const LENGTH_BYTES = 4;
/** Bytes of the tag behind it. */
export const TAG_BYTES = 16;

/**
 * A cipher that seals a packet and makes its tag in one, with the keys of one direction. A packet is
 * its length, its body and room for the tag.
 */
export interface PacketAead {
  /** Lengths of bodies are multiples of it. */
  readonly alignment: number;
  /** Seals a packet in place and puts its tag behind it. */
  seal(sequence: number, packet: Uint8Array): void;
  /** The length that the first bytes of a sealed packet say; nothing vouches for it yet. */
  lengthOf(sequence: number, head: Uint8Array): number;
  /** Opens a packet's body in place. @returns Whether its tag is right. */
  open(sequence: number, packet: Uint8Array): boolean;
  /** Forgets the keys; nothing else may be called then. */
  free(): void;
}
