import { frame, GOOD_SECTION, headers, type RawClient, varint } from "./raw_client.ts";
import { FrameType } from "./raw_frames.ts";

/** Something that must end the connection with a code. */
export interface ConnectionErrorCase {
  /** A sentence, with the section that demands it. */
  readonly name: string;
  /** The code, in the names of RFC 9114 section 8.1 and RFC 9204 section 6. */
  readonly code: number;
  /** Does it. */
  run(client: RawClient): Promise<unknown>;
}

const FRAME_UNEXPECTED = 0x105;
const FRAME_ERROR = 0x106;
const ID_ERROR = 0x108;
const SETTINGS_ERROR = 0x109;
const STREAM_CREATION_ERROR = 0x103;
const CLOSED_CRITICAL_STREAM = 0x104;
const DECOMPRESSION_FAILED = 0x200;
const ENCODER_STREAM_ERROR = 0x201;
const DECODER_STREAM_ERROR = 0x202;

const GOOD = frame(FrameType.Headers, GOOD_SECTION);
const HTTP2_TYPES = [0x02, 0x06, 0x08, 0x09];
const CONTROL_ONLY = [
  ["CANCEL_PUSH", frame(FrameType.CancelPush, [0])],
  ["SETTINGS", frame(FrameType.Settings)],
  ["GOAWAY", frame(FrameType.Goaway, [0])],
  ["MAX_PUSH_ID", frame(FrameType.MaxPushId, [0])],
  ["PRIORITY_UPDATE", frame(0xf0700, [0, 0x75])],
  ["PUSH_PROMISE", frame(FrameType.PushPromise, [0, ...GOOD_SECTION])],
] as const;

/** The cases of h3spec that can be reached above QUIC, and those RFC 9114 and 9204 add. */
export const CONNECTION_ERRORS: readonly ConnectionErrorCase[] = [
  onRequest("DATA before HEADERS (9114 4.1)", FRAME_UNEXPECTED, frame(FrameType.Data)),
  onRequest("DATA after trailers (9114 4.1)", FRAME_UNEXPECTED, [
    ...postHead(),
    ...headers(["x-trailer", "1"]),
    ...frame(FrameType.Data, [1]),
  ]),
  onRequest("HEADERS after trailers (9114 4.1)", FRAME_UNEXPECTED, [
    ...postHead(),
    ...headers(["x-trailer", "1"]),
    ...headers(["x-trailer", "2"]),
  ]),
  ...CONTROL_ONLY.map(([name, bytes]) =>
    onRequest(`${name} on a request stream (9114 7.2)`, FRAME_UNEXPECTED, bytes)
  ),
  ...HTTP2_TYPES.flatMap((type) => [
    onRequest(`HTTP/2 frame ${type} on a request (9114 7.2.8)`, FRAME_UNEXPECTED, frame(type)),
    onControl(`HTTP/2 frame ${type} on the control stream`, FRAME_UNEXPECTED, frame(type)),
  ]),
  onRequest("a request that ends within a frame (9114 7.1)", FRAME_ERROR, GOOD.slice(0, -1)),
  onRequest("a WebTransport stream of no session's ID (draft 4.2)", ID_ERROR, [0x40, 0x41, 3]),
  onRequest("a WebTransport stream within a message", FRAME_ERROR, [
    ...postHead(),
    ...[0x40, 0x41, 0],
  ]),
  onControl("DATA on the control stream (9114 7.2.1)", FRAME_UNEXPECTED, frame(FrameType.Data)),
  onControl("HEADERS on the control stream (9114 7.2.2)", FRAME_UNEXPECTED, GOOD),
  onControl("a second SETTINGS (9114 7.2.4)", FRAME_UNEXPECTED, frame(FrameType.Settings)),
  onControl("CANCEL_PUSH of a push nobody promised (9114 7.2.3)", ID_ERROR, frame(0x03, [0])),
  onControl("a MAX_PUSH_ID that shrinks (9114 7.2.7)", ID_ERROR, [
    ...frame(FrameType.MaxPushId, [5]),
    ...frame(FrameType.MaxPushId, [4]),
  ]),
  onControl("a GOAWAY that grows (9114 5.2)", ID_ERROR, [
    ...frame(FrameType.Goaway, [4]),
    ...frame(FrameType.Goaway, [5]),
  ]),
  onControl("a GOAWAY with more than an ID (9114 10.8)", FRAME_ERROR, frame(0x07, [4, 0])),
  onControl("a GOAWAY without an ID (9114 10.8)", FRAME_ERROR, frame(0x07)),
  onControl("PRIORITY_UPDATE of a stream that is none (9218 7.2)", ID_ERROR, frame(0xf0700, [3])),
  onControl("PRIORITY_UPDATE of a push (9218 7.2)", ID_ERROR, frame(0xf0701, [0])),
  onUni("a control stream without SETTINGS first (9114 6.2.1)", 0x10a, [
    0x00,
    ...frame(FrameType.MaxPushId, [1]),
  ]),
  onUni("an unknown frame before SETTINGS (9114 6.2.1)", 0x10a, [0x00, ...frame(0x21)]),
  settings("a setting of HTTP/2 (9114 7.2.4.1)", [0x02, 0x00]),
  settings("a setting twice (9114 7.2.4)", [0x06, 0x20, 0x06, 0x20]),
  settings("ENABLE_CONNECT_PROTOCOL of 2 (9220 3)", [0x08, 0x02]),
  settings("H3_DATAGRAM of 2 (9297 2.1.1)", [0x33, 0x02]),
  { ...settings("SETTINGS that end within a setting (9114 7.1)", [0x06]), code: FRAME_ERROR },
  {
    name: "a second control stream (9114 6.2.1)",
    code: STREAM_CREATION_ERROR,
    run: async (client) => [await client.control(), await client.control()],
  },
  onUni("a push stream of a client (9114 6.2.2)", STREAM_CREATION_ERROR, [0x01, 0x00]),
  ...[["control", 0x00], ["encoder", 0x02], ["decoder", 0x03]].map(([name, type]) => ({
    name: `the end of the ${name} stream (9114 6.2.1, 9204 4.2)`,
    code: CLOSED_CRITICAL_STREAM,
    run: async (client: RawClient) => {
      const settings = type === 0 ? frame(FrameType.Settings) : [];
      await (await client.uni(Number(type), ...settings)).closeWrite();
    },
  })),
  onSection("static entry 99 (9204 3.1)", [0, 0, 0xff, 0x24]),
  onSection("an entry of an empty dynamic table (9204 2.2.3)", [0, 0, 0x80]),
  onSection("a post-base entry of an empty table (9204 2.2.3)", [0, 0, 0x10]),
  onSection("an insert count beyond the table (9204 4.5.1.1)", [0xff, 0xff, 0x7f, 0, 0x80]),
  onSection("a negative base (9204 4.5.1.2)", [0, 0x85, 0xd1]),
  onSection("a section that ends within a line (9204 4.5)", [0, 0, 0x27, 0x05]),
  onSection("broken Huffman code (9204 4.1.2)", [0, 0, 0x29, 0xff, 0x00]),
  onSection("an integer of 70 bits (9204 4.1.1)", [0, 0, 0xff, ...Array(10).fill(0xff), 0x01]),
  onUni("a table capacity above the limit (9204 4.3.1)", ENCODER_STREAM_ERROR, [
    ...[0x02, 0x3f, 0xe1, 0xc7, 0xaf, 0xa0, 0x25],
  ]),
  onUni("an insertion into a table of capacity 0 (9204 3.2.2)", ENCODER_STREAM_ERROR, [
    ...[0x02, 0x41, 0x61, 0x01, 0x62],
  ]),
  onUni("an insertion by a missing static name (9204 4.3.2)", ENCODER_STREAM_ERROR, [
    ...[0x02, 0x3f, 0xe1, 0x1f, 0xff, 0x30, 0x00],
  ]),
  onUni("a duplicate of nothing (9204 4.3.4)", ENCODER_STREAM_ERROR, [
    0x02,
    0x3f,
    0xe1,
    0x1f,
    0x00,
  ]),
  onUni("Insert Count Increment 0 (9204 4.4.3)", DECODER_STREAM_ERROR, [0x03, 0x00]),
  onUni("Insert Count Increment beyond what was sent", DECODER_STREAM_ERROR, [0x03, 0x05]),
  onUni("an acknowledgement of nothing (9204 4.4.1)", DECODER_STREAM_ERROR, [0x03, 0x84]),
];

function onRequest(name: string, code: number, bytes: readonly number[]): ConnectionErrorCase {
  return { name, code, run: (client) => client.request(bytes) };
}

function onControl(name: string, code: number, bytes: readonly number[]): ConnectionErrorCase {
  return { name, code, run: (client) => client.control(...bytes) };
}

function onUni(name: string, code: number, bytes: readonly number[]): ConnectionErrorCase {
  return { name, code, run: (client) => client.uni(...bytes) };
}

function settings(name: string, payload: readonly number[]): ConnectionErrorCase {
  return onUni(name, SETTINGS_ERROR, [0x00, ...frame(FrameType.Settings, payload)]);
}

function onSection(name: string, section: readonly number[]): ConnectionErrorCase {
  return onRequest(name, DECOMPRESSION_FAILED, frame(FrameType.Headers, section));
}

function postHead(): number[] {
  return [
    ...headers(
      [":method", "POST"],
      [":scheme", "https"],
      [":authority", "localhost"],
      [":path", "/"],
    ),
    ...frame(FrameType.Data, [1, 2, 3]),
    ...varint(0x21),
    0,
  ];
}
