/**
 * Error codes of HTTP/3 (RFC 9114 section 8.1), QPACK (RFC 9204 section 6), HTTP datagrams
 * (RFC 9297 section 5.2) and WebTransport over HTTP/3.
 */
export const H3ErrorCode = {
  /** Nothing went wrong. */
  NoError: 0x100,
  /** The peer broke the protocol in a way no other code names. */
  GeneralProtocolError: 0x101,
  /** This side failed. */
  InternalError: 0x102,
  /** A stream of a kind the peer may not open. */
  StreamCreationError: 0x103,
  /** A control, encoder or decoder stream ended. */
  ClosedCriticalStream: 0x104,
  /** A frame where it may not be. */
  FrameUnexpected: 0x105,
  /** A frame whose layout is wrong. */
  FrameError: 0x106,
  /** The peer asks for more than it may. */
  ExcessiveLoad: 0x107,
  /** A stream or push ID that cannot be. */
  IdError: 0x108,
  /** A SETTINGS frame with forbidden contents. */
  SettingsError: 0x109,
  /** A control stream that does not begin with SETTINGS. */
  MissingSettings: 0x10a,
  /** A request that was not processed at all. */
  RequestRejected: 0x10b,
  /** A request or response nobody wants any longer. */
  RequestCancelled: 0x10c,
  /** A request stream that ended too early. */
  RequestIncomplete: 0x10d,
  /** A malformed HTTP message. */
  MessageError: 0x10e,
  /** A CONNECT tunnel whose other side failed. */
  ConnectError: 0x10f,
  /** The request has to be made over HTTP/1.1. */
  VersionFallback: 0x110,
  /** A datagram or capsule that cannot be parsed. */
  DatagramError: 0x33,
  /** A field section that cannot be decoded. */
  QpackDecompressionFailed: 0x200,
  /** Instructions on the encoder stream that cannot be followed. */
  QpackEncoderStreamError: 0x201,
  /** Instructions on the decoder stream that cannot be followed. */
  QpackDecoderStreamError: 0x202,
} as const;

/** One of the values of {@linkcode H3ErrorCode}. */
export type H3ErrorCode = typeof H3ErrorCode[keyof typeof H3ErrorCode];
