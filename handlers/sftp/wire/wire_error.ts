/** Thrown by the codec for bytes that are not SFTP version 3, and for values it cannot express. */
export class WireError extends SyntaxError {
  /** The class's name. */
  override readonly name = "WireError";
  /** Who broke the format: the peer, wherever bytes are read. */
  readonly blame = "remote";
}
