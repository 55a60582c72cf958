import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError } from "./errors.ts";
import { encodeVarints, readVarint, varintLengthFrom } from "./varint.ts";

/** Identifiers of settings (RFC 9114 7.2.4.1, RFC 9204 5, RFC 9220 3, RFC 9297 2.1.1, drafts). */
export const SettingId = {
  /** Largest dynamic table of the peer's encoder. */
  QpackMaxTableCapacity: 0x01,
  /** Largest field section. */
  MaxFieldSectionSize: 0x06,
  /** Streams the peer's encoder may block. */
  QpackBlockedStreams: 0x07,
  /** Extended CONNECT is understood. */
  EnableConnectProtocol: 0x08,
  /** Datagrams are understood. */
  H3Datagram: 0x33,
  /** The same before RFC 9297. */
  H3DatagramDraft04: 0xffd277,
  /** WebTransport, drafts 2 to 6. */
  EnableWebTransport: 0x2b603742,
  /** WebTransport, drafts 7 to 12: sessions at once. */
  WebTransportMaxSessions: 0xc671706a,
} as const;

/** Settings of HTTP/2 that must not be sent (RFC 9114 section 11.2.2). */
const HTTP2_SETTINGS: ReadonlySet<number> = new Set([0x00, 0x02, 0x03, 0x04, 0x05]);
const BOOLEANS: ReadonlySet<number> = new Set([
  SettingId.EnableConnectProtocol,
  SettingId.H3Datagram,
]);

/** What one side tells the other at the beginning. */
export interface H3Settings {
  /** Largest field section it takes, by RFC 9114 section 4.2.2. */
  readonly maxFieldSectionBytes: number;
  /** Largest dynamic table its decoder takes. */
  readonly maxTableBytes: number;
  /** Streams that may wait for table entries. */
  readonly maxBlockedStreams: number;
  /** Whether it understands extended CONNECT (a server). */
  readonly extendedConnect: boolean;
  /** Whether it takes datagrams. */
  readonly datagrams: boolean;
  /** Sessions of WebTransport it takes; 0 for none. */
  readonly maxSessions: number;
}

/** What holds until a peer's SETTINGS are there. */
export const DEFAULT_SETTINGS: H3Settings = {
  maxFieldSectionBytes: Infinity,
  maxTableBytes: 0,
  maxBlockedStreams: 0,
  extendedConnect: false,
  datagrams: false,
  maxSessions: 0,
};

/** The payload of a SETTINGS frame (RFC 9114 section 7.2.4). */
export function encodeSettings(settings: H3Settings): Uint8Array<ArrayBuffer> {
  const pairs: [number, number][] = [
    [SettingId.QpackMaxTableCapacity, settings.maxTableBytes],
    [SettingId.MaxFieldSectionSize, settings.maxFieldSectionBytes],
    [SettingId.QpackBlockedStreams, settings.maxBlockedStreams],
  ];
  if (settings.extendedConnect) pairs.push([SettingId.EnableConnectProtocol, 1]);
  if (settings.datagrams) pairs.push([SettingId.H3Datagram, 1], [SettingId.H3DatagramDraft04, 1]);
  if (settings.maxSessions > 0) {
    pairs.push([SettingId.EnableWebTransport, 1]);
    pairs.push([SettingId.WebTransportMaxSessions, settings.maxSessions]);
  }
  return encodeVarints(...pairs.filter(([, value]) => value !== Infinity).flat());
}

/**
 * Reads the payload of a SETTINGS frame.
 *
 * @throws {H3ConnectionError} `SettingsError` for what may not be in it, `FrameError` when it ends
 * within a setting.
 */
export function decodeSettings(payload: Uint8Array): H3Settings {
  const values = new Map<number, number>();
  for (let offset = 0; offset < payload.length;) {
    const [id, value, end] = readSetting(payload, offset);
    checkSetting(id, value);
    if (values.has(id)) throw settingsError(`Setting ${id} is there twice`);
    values.set(id, value);
    offset = end;
  }
  return fromValues(values);
}

function fromValues(values: ReadonlyMap<number, number>): H3Settings {
  const is = (id: number): boolean => (values.get(id) ?? 0) > 0;
  const sessions = values.get(SettingId.WebTransportMaxSessions) ??
    (is(SettingId.EnableWebTransport) ? 1 : 0);
  return {
    maxFieldSectionBytes: values.get(SettingId.MaxFieldSectionSize) ?? Infinity,
    maxTableBytes: values.get(SettingId.QpackMaxTableCapacity) ?? 0,
    maxBlockedStreams: values.get(SettingId.QpackBlockedStreams) ?? 0,
    extendedConnect: is(SettingId.EnableConnectProtocol),
    datagrams: is(SettingId.H3Datagram) || is(SettingId.H3DatagramDraft04),
    maxSessions: sessions,
  };
}

function readSetting(
  payload: Uint8Array,
  offset: number,
): [id: number, value: number, end: number] {
  const middle = offset + varintLengthFrom(payload[offset] ?? 0);
  const end = middle + varintLengthFrom(payload[middle] ?? 0);
  const [id, value] = [readVarint(payload, offset), readVarint(payload, middle)];
  if (id === undefined || value === undefined) {
    throw new H3ConnectionError(H3ErrorCode.FrameError, "SETTINGS frame ends within a setting");
  }
  return [id, value, end];
}

function checkSetting(id: number, value: number): void {
  if (HTTP2_SETTINGS.has(id)) throw settingsError(`Setting ${id} belongs to HTTP/2`);
  if (BOOLEANS.has(id) && value > 1) throw settingsError(`Setting ${id} is ${value}`);
}

function settingsError(message: string): H3ConnectionError {
  return new H3ConnectionError(H3ErrorCode.SettingsError, message);
}
