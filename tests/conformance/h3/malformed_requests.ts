import { frame, headers } from "./raw_client.ts";
import { FrameType } from "./raw_frames.ts";

/** A request that is malformed (RFC 9114 section 4.1.2): refused by itself, the connection lives. */
export interface MalformedCase {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly status: string;
}

type Line = readonly [string, string];

const METHOD: Line = [":method", "GET"];
const SCHEME: Line = [":scheme", "https"];
const AUTHORITY: Line = [":authority", "localhost"];
const PATH: Line = [":path", "/"];
const GOOD: readonly Line[] = [METHOD, SCHEME, AUTHORITY, PATH];
const POST: readonly Line[] = [[":method", "POST"], SCHEME, AUTHORITY, PATH];

/** What must be answered with a status of its own, and never reach a handler. */
export const MALFORMED: readonly MalformedCase[] = [
  head("no :authority and no Host (4.3.1)", [METHOD, SCHEME, PATH]),
  head("no :method", [SCHEME, AUTHORITY, PATH]),
  head("no :scheme", [METHOD, AUTHORITY, PATH]),
  head("no :path", [METHOD, SCHEME, AUTHORITY]),
  head("an empty :path", [METHOD, SCHEME, AUTHORITY, [":path", ""]]),
  head("a :path without a slash", [METHOD, SCHEME, AUTHORITY, [":path", "admin"]]),
  head("a :path with a blank", [METHOD, SCHEME, AUTHORITY, [":path", "/a b"]]),
  head("a :path with a fragment", [METHOD, SCHEME, AUTHORITY, [":path", "/a#b"]]),
  head("* as :path of a GET", [METHOD, SCHEME, AUTHORITY, [":path", "*"]]),
  head("a pseudo-header field twice (4.3)", [...GOOD, METHOD]),
  head("an undefined pseudo-header field (4.3)", [...GOOD, [":foo", "bar"]]),
  head("a pseudo-header field of responses", [...GOOD, [":status", "200"]]),
  head("a pseudo-header field behind a field (4.3)", [METHOD, SCHEME, AUTHORITY, ["a", "b"], PATH]),
  head("a method with a blank", [[":method", "GET /"], SCHEME, AUTHORITY, PATH]),
  head("an authority with a user (4.3.1)", [METHOD, SCHEME, [":authority", "a@localhost"], PATH]),
  head("an authority with a path", [METHOD, SCHEME, [":authority", "localhost/x"], PATH]),
  head("an empty authority", [METHOD, SCHEME, [":authority", ""], PATH]),
  head("a Host that differs from :authority (4.3.1)", [...GOOD, ["host", "other"]]),
  head("two Hosts", [...GOOD, ["host", "localhost"], ["host", "localhost"]]),
  head("a field name in capitals (4.2)", [...GOOD, ["X-A", "b"]]),
  head("a field name with a blank", [...GOOD, ["x a", "b"]]),
  head("a field name with a colon", [...GOOD, ["x:a", "b"]]),
  head("an empty field name", [...GOOD, ["", "b"]]),
  head("a field value with a line break (10.3)", [...GOOD, ["x-a", "b\r\nc: d"]]),
  head("a field value with a zero byte (10.3)", [...GOOD, ["x-a", "b\0"]]),
  head("a field value with a blank at its end", [...GOOD, ["x-a", "b "]]),
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"].map((name) =>
    head(`a ${name} field (4.2)`, [...GOOD, [name, "close"]])
  ),
  head("TE other than trailers (4.2)", [...GOOD, ["te", "gzip"]]),
  head(":protocol without CONNECT (9220 3)", [...GOOD, [":protocol", "webtransport"]]),
  head("CONNECT with a :path but no :protocol (4.4)", [[":method", "CONNECT"], SCHEME, ...[
    [":authority", "localhost:1"] as Line,
    PATH,
  ]]),
  head("CONNECT without a port (4.4)", [[":method", "CONNECT"], AUTHORITY]),
  head("a Content-Length that is no number", [...POST, ["content-length", "+3"]]),
  head("two Content-Lengths", [...POST, ["content-length", "0"], ["content-length", "0"]]),
  head("two Content-Lengths in one", [...POST, ["content-length", "0, 0"]]),
  head("less content than announced (4.1.2)", [...POST, ["content-length", "5"]], [1, 2]),
  head("more content than announced (4.1.2)", [...POST, ["content-length", "1"]], [1, 2]),
  head("content announced for a GET and not sent", [...GOOD, ["content-length", "5"]]),
  { ...head("another scheme", [METHOD, [":scheme", "http"], AUTHORITY, PATH]), status: "421" },
  { ...head("TRACE", [[":method", "TRACE"], SCHEME, AUTHORITY, PATH]), status: "501" },
  { ...head("a tunnel", [[":method", "CONNECT"], [":authority", "a:1"]]), status: "501" },
  { ...head("fields of 70,000 bytes", [...GOOD, ["x-a", "b".repeat(70_000)]]), status: "431" },
  { ...head("2,000 fields", [...GOOD, ...Array(2_000).fill(["x", "y"])]), status: "431" },
  {
    name: "trailers with a pseudo-header field (4.3)",
    bytes: [...headers(...POST), ...frame(FrameType.Data, [1]), ...headers([":path", "/"])],
    status: "400",
  },
];

function head(
  name: string,
  lines: readonly Line[],
  content: readonly number[] = [],
): MalformedCase {
  const data = content.length > 0 ? frame(FrameType.Data, content) : [];
  return { name, bytes: [...headers(...lines), ...data], status: "400" };
}
