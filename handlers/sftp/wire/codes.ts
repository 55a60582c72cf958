/** Results of requests (draft-ietf-secsh-filexfer-02 section 7). */
export const StatusCode = {
  Ok: 0,
  Eof: 1,
  NoSuchFile: 2,
  PermissionDenied: 3,
  Failure: 4,
  BadMessage: 5,
  NoConnection: 6,
  ConnectionLost: 7,
  OpUnsupported: 8,
} as const;

/** One of the values of {@linkcode StatusCode}. */
export type StatusCode = typeof StatusCode[keyof typeof StatusCode];

/** How a file is opened (draft-ietf-secsh-filexfer-02 section 6.3). */
export const OpenFlag = {
  Read: 0x01,
  Write: 0x02,
  Append: 0x04,
  Create: 0x08,
  Truncate: 0x10,
  Exclusive: 0x20,
} as const;

/** The version of the protocol spoken here. */
export const VERSION = 3;
