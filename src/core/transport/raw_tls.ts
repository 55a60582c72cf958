import type { Socket } from "node:net";
import type * as tls from "node:tls";

/** A connection before its TLS handshake. */
export interface RawConnection {
  /** All that comes in, what was looked at already included. */
  readonly bytes: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Sends; resolves when the system has taken it. */
  write(bytes: Uint8Array): Promise<void>;
}

/**
 * Serves TLS connections that Deno's TLS cannot, told from the others by their ClientHello. The
 * handshake's limits hold: one of the places for handshakes, and `handshakeTimeoutMs` in all.
 */
export interface RawTlsService {
  /** Whether there may be such connections now; while not, no connection is looked at. */
  readonly wanted: boolean;
  /** Whether a connection that begins so is one, or undefined while that cannot be told. */
  recognizes(firstBytes: Uint8Array<ArrayBuffer>): boolean | undefined;
  /** Serves it; the connection is closed afterwards, whatever comes of it. */
  serve(conn: RawConnection): Promise<void>;
}

/** Most bytes that are looked at, after which a connection is left to TLS. */
const MAX_LOOK_BYTES = 32_768;

/**
 * Puts a service before the handshakes of a server. What it does not recognize is given to
 * node:tls with the bytes that were read already; while it is not wanted, node:tls has it at once.
 *
 * @param failed Told of a service that failed.
 */
export function serveRaw(
  server: tls.Server,
  service: RawTlsService,
  failed: (error: unknown) => void,
): void {
  const toTls = server.listeners("connection");
  server.removeAllListeners("connection");
  const pass = (socket: Socket): void => toTls.forEach((each) => each.call(server, socket));
  server.on("connection", (socket: Socket) => {
    if (service.wanted && !socket.destroyed) look(socket, { service, failed, pass });
    else pass(socket);
  });
}

interface Way {
  readonly service: RawTlsService;
  readonly failed: (error: unknown) => void;
  /** Gives it to TLS. */
  readonly pass: (socket: Socket) => void;
}

function look(socket: Socket, { service, failed, pass }: Way): void {
  let seen = new Uint8Array();
  const decide = (chunk: Uint8Array): void => {
    seen = joined(seen, chunk);
    const mine = seen.length > MAX_LOOK_BYTES ? false : service.recognizes(seen);
    if (mine === undefined) return;
    socket.off("data", decide);
    socket.off("end", leave);
    socket.pause();
    if (mine) return void serve(socket, seen, service).catch(failed);
    socket.unshift(seen); // node:tls takes what a socket has already read
    pass(socket);
  };
  const leave = (): void => void socket.destroy(); // it has said nothing that anybody can answer
  socket.on("data", decide);
  socket.once("end", leave);
}

async function serve(
  socket: Socket,
  seen: Uint8Array<ArrayBuffer>,
  service: RawTlsService,
): Promise<void> {
  const incoming = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield seen;
    // The usual iterator destroys the socket at its end, when there may be an answer to send.
    const chunks = socket.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) yield new Uint8Array(chunk);
  };
  const write = async (bytes: Uint8Array): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.write(bytes, (error) => error ? reject(error) : resolve());
    await promise;
  };
  try {
    await service.serve({ bytes: incoming(), write });
    socket.end(() => socket.destroy());
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
