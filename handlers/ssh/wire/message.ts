import { SshWriter } from "./ssh_writer.ts";

/** Numbers of messages (RFC 4250 section 4.1.2). */
export const Message = {
  /** RFC 4253 section 11.1. */
  Disconnect: 1,
  /** RFC 4253 section 11.2. */
  Ignore: 2,
  /** RFC 4253 section 11.4. */
  Unimplemented: 3,
  /** RFC 4253 section 11.3. */
  Debug: 4,
  /** RFC 4253 section 10. */
  ServiceRequest: 5,
  /** RFC 4253 section 10. */
  ServiceAccept: 6,
  /** RFC 8308. */
  ExtInfo: 7,
  /** RFC 4253 section 7.1. */
  KexInit: 20,
  /** RFC 4252 section 5. */
  UserauthRequest: 50,
  /** RFC 4252 section 5.1. */
  UserauthFailure: 51,
  /** RFC 4252 section 5.1. */
  UserauthSuccess: 52,
  /** RFC 4252 section 5.4. */
  UserauthBanner: 53,
  /** RFC 4252 section 7; the number is that of InfoRequest too. */
  UserauthPkOk: 60,
  /** RFC 4256 section 3.2. */
  UserauthInfoRequest: 60,
  /** RFC 4256 section 3.4. */
  UserauthInfoResponse: 61,
  /** RFC 4254 section 4. */
  GlobalRequest: 80,
  /** RFC 4254 section 4. */
  RequestSuccess: 81,
  /** RFC 4254 section 4. */
  RequestFailure: 82,
  /** RFC 4254 section 5.1. */
  ChannelOpen: 90,
  /** RFC 4254 section 5.1. */
  ChannelOpenConfirmation: 91,
  /** RFC 4254 section 5.1. */
  ChannelOpenFailure: 92,
  /** RFC 4254 section 5.2. */
  ChannelWindowAdjust: 93,
  /** RFC 4254 section 5.2. */
  ChannelData: 94,
  /** RFC 4254 section 5.2. */
  ChannelExtendedData: 95,
  /** RFC 4254 section 5.3. */
  ChannelEof: 96,
  /** RFC 4254 section 5.3. */
  ChannelClose: 97,
  /** RFC 4254 section 5.4. */
  ChannelRequest: 98,
  /** RFC 4254 section 5.4. */
  ChannelSuccess: 99,
  /** RFC 4254 section 5.4. */
  ChannelFailure: 100,
} as const;

/** Begins a message. */
export function message(type: number, capacity?: number): SshWriter {
  return new SshWriter(capacity).byte(type);
}
