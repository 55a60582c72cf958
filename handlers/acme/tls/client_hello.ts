import { ByteReader, TlsFormatError } from "./byte_reader.ts";
import { concat } from "./byte_writer.ts";

/** What a client opens with (RFC 8446 section 4.1.2), as far as a challenge needs it. */
export interface ClientHello {
  /** The handshake message, for the transcript. */
  readonly message: Uint8Array<ArrayBuffer>;
  readonly sessionId: Uint8Array<ArrayBuffer>;
  readonly cipherSuites: readonly number[];
  /** Lower case; empty where it names none. */
  readonly serverName: string;
  readonly alpn: readonly string[];
  readonly versions: readonly number[];
  readonly signatureSchemes: readonly number[];
  /** Public keys by group. */
  readonly keyShares: ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
}

/** Largest ClientHello that is read, records included; those with post-quantum keys have 2 KB. */
export const MAX_HELLO_BYTES = 16_384;

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const HEADER_BYTES = 4;

/**
 * Reads the first bytes of a connection.
 *
 * @returns Undefined while more are needed to tell.
 * @throws {TlsFormatError} When they are not, or will not be, a ClientHello.
 */
export function readClientHello(bytes: Uint8Array<ArrayBuffer>): ClientHello | undefined {
  const message = firstMessage(bytes);
  if (message) return parse(message);
  if (bytes.length < MAX_HELLO_BYTES) return undefined;
  throw new TlsFormatError(`ClientHello has more than ${MAX_HELLO_BYTES} bytes`);
}

/** Puts the first handshake message together, which may lie in several records (section 5.1). */
function firstMessage(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const records = new ByteReader(bytes);
  let message = new Uint8Array();
  while (records.left > 0) {
    if (records.left < 5) return undefined;
    const type = records.uint(1);
    if (type !== HANDSHAKE_RECORD) throw new TlsFormatError(`First record has the type ${type}`);
    records.take(2);
    const length = records.uint(2);
    if (length === 0 || length > MAX_HELLO_BYTES) throw new TlsFormatError("Record has no length");
    message = concat(message, records.take(Math.min(length, records.left)));
    if ((message[0] ?? CLIENT_HELLO) !== CLIENT_HELLO) throw new TlsFormatError("No ClientHello");
    if (message.length < HEADER_BYTES) continue;
    const whole = HEADER_BYTES + new ByteReader(message.subarray(1)).uint(3);
    if (message.length >= whole) return message.slice(0, whole);
    if (whole > MAX_HELLO_BYTES) throw new TlsFormatError("ClientHello is too long");
  }
  return undefined;
}

function parse(message: Uint8Array<ArrayBuffer>): ClientHello {
  const reader = new ByteReader(message.subarray(HEADER_BYTES));
  reader.take(2 + 32); // legacy version, random
  const sessionId = reader.vector(1).rest();
  const cipherSuites = [...reader.vector(2).each((each) => each.uint(2))];
  reader.vector(1); // compression methods
  const extensions = new Map(
    reader.left === 0
      ? []
      : [...reader.vector(2).each((each) => [each.uint(2), each.vector(2).rest()] as const)],
  );
  const extension = (type: number): ByteReader | undefined => {
    const found = extensions.get(type);
    return found && new ByteReader(found);
  };
  return {
    message,
    sessionId,
    cipherSuites,
    serverName: serverNameOf(extension(0)),
    signatureSchemes: list(extension(13)?.vector(2), (each) => each.uint(2)),
    alpn: list(extension(16)?.vector(2), (each) => latin1(each.vector(1).rest())),
    versions: list(extension(43)?.vector(1), (each) => each.uint(2)),
    keyShares: new Map(
      list(extension(51)?.vector(2), (each) => [each.uint(2), each.vector(2).rest()] as const),
    ),
  };
}

/** RFC 6066 section 3: the one name of the type host name. */
function serverNameOf(extension: ByteReader | undefined): string {
  const names = list(
    extension?.vector(2),
    (each) => [each.uint(1), each.vector(2).rest()] as const,
  );
  const host = names.find(([type]) => type === 0)?.[1];
  return host ? latin1(host).toLowerCase() : "";
}

function list<T>(reader: ByteReader | undefined, read: (reader: ByteReader) => T): T[] {
  return reader ? [...reader.each(read)] : [];
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 255));
}
