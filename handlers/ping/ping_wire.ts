import { type Address, type Identity, ProtocolError, type TransportName } from "@alknet/core";

/** Length of a probe and of the echo that answers it, in bytes. */
export const PROBE_BYTES = 8;

/** Longest greeting, in bytes of JSON. */
export const GREETING_MAX_BYTES = 4_096;

/** Length of the greeting's length field. */
export const LENGTH_BYTES = 2;

/** Who the client is to the node it pings. */
export interface Whoami {
  /** The client's peer id there; absent when its permission has just been withdrawn. */
  readonly id?: string;
  /** What it may do there; the last ones are left out where all would not fit a greeting. */
  readonly scopes: readonly string[];
  /** The key it proved, `ed25519:<hex>`, or its certificate, `SHA256:<hex>`. */
  readonly fingerprint?: string;
  /** Its address as the node sees it. */
  readonly remoteAddr: Address;
  /** What carries the connection, as the node sees it. */
  readonly transport: TransportName;
}

const encoder = new TextEncoder();

/**
 * Writes a greeting: a length of two bytes, most significant first, and that much JSON.
 *
 * @param whoami Who the client is.
 * @returns At most 4,098 bytes.
 * @throws {RangeError} When it does not fit even without scopes.
 */
export function encodeGreeting(whoami: Whoami): Uint8Array<ArrayBuffer> {
  for (let kept = whoami.scopes.length; kept >= 0; kept = kept === 0 ? -1 : kept >> 1) {
    const json = encoder.encode(
      JSON.stringify({ ...whoami, scopes: whoami.scopes.slice(0, kept) }),
    );
    if (json.length <= GREETING_MAX_BYTES) return withLength(json);
  }
  throw new RangeError(`Cannot greet: the peer id takes more than ${GREETING_MAX_BYTES} bytes`);
}

/**
 * Reads a greeting's length.
 *
 * @param bytes Two bytes.
 * @returns From 1 to 4,096.
 * @throws {ProtocolError} For any other length.
 */
export function decodeGreetingLength(bytes: Uint8Array): number {
  const [high = 0, low = 0] = bytes;
  const length = high << 8 | low;
  if (bytes.length !== LENGTH_BYTES || length === 0 || length > GREETING_MAX_BYTES) {
    throw new ProtocolError(
      `Cannot read a greeting of ${length} bytes: 1 to ${GREETING_MAX_BYTES}`,
    );
  }
  return length;
}

/**
 * Reads a greeting's JSON. Members this version does not know are left out.
 *
 * @param json As many bytes as the length field said.
 * @returns Who the client is.
 * @throws {ProtocolError} For anything else.
 */
export function decodeGreeting(json: Uint8Array): Whoami {
  const value = parseObject(json);
  const { id, scopes, fingerprint, remoteAddr, transport } = value;
  if (
    isTextOrAbsent(id) && isTextOrAbsent(fingerprint) && isText(transport) &&
    Array.isArray(scopes) && scopes.every(isText) && isAddress(remoteAddr)
  ) {
    const { hostname, port } = remoteAddr;
    return { ...present({ id, fingerprint }), scopes, remoteAddr: { hostname, port }, transport };
  }
  throw new ProtocolError("Cannot read a greeting: a member is missing or of another type");
}

/** Composes a greeting's content from what a connection knows. */
export function whoamiOf(
  identity: Identity | undefined,
  fingerprint: string | undefined,
  { remoteAddr, transport }: Pick<Whoami, "remoteAddr" | "transport">,
): Whoami {
  const { hostname, port } = remoteAddr;
  return {
    ...present({ id: identity?.id, fingerprint }),
    scopes: identity?.scopes ?? [],
    remoteAddr: { hostname, port },
    transport,
  };
}

function withLength(json: Uint8Array): Uint8Array<ArrayBuffer> {
  const greeting = new Uint8Array(LENGTH_BYTES + json.length);
  greeting[0] = json.length >> 8;
  greeting[1] = json.length & 0xff;
  greeting.set(json, LENGTH_BYTES);
  return greeting;
}

function parseObject(json: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
    if (isObject(value)) return value;
  } catch (error) {
    throw new ProtocolError("Cannot read a greeting: it is not JSON", { cause: error });
  }
  throw new ProtocolError("Cannot read a greeting: it is not a JSON object");
}

/** Without the members that are undefined, as JSON has none. */
function present(members: { id?: string; fingerprint?: string }): Partial<Whoami> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}

function isAddress(value: unknown): value is Address {
  return isObject(value) && isText(value.hostname) && Number.isInteger(value.port);
}
