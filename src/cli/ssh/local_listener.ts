import { ListenError, type Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";
import { isIPv4 } from "node:net";
import { CliError, ExitCode } from "../errors.ts";
import type { ForwardEnd } from "./forward_spec.ts";

/** Connections of one listener at once; more are closed. */
export const MAX_LOCAL_CONNECTIONS = 256;

/** Refuses to listen where other machines reach, unless that is meant. */
export function assertLoopback(listen: ForwardEnd, dangerListen: boolean): void {
  if (listen.kind === "unix" || dangerListen) return;
  const { hostname, port } = listen.address;
  if (hostname === "localhost" || hostname === "::1") return;
  if (isIPv4(hostname) && hostname.startsWith("127.")) return;
  throw new CliError(
    `${hostname}:${port} is open to other machines, who would pass for you: if that is meant, give ` +
      "--danger-listen",
    ExitCode.Usage,
  );
}

/** A port or socket that is listened on here; closes with its connections when disposed of. */
export interface LocalListener extends AsyncDisposable {
  /** `host:port` as bound, or the path. */
  readonly where: string;
}

/**
 * Listens for streams.
 *
 * @param listen Where.
 * @param serve Serves each to its end; never rejects.
 * @throws {ListenError} When the port or path cannot be had.
 */
export async function listenLocally(
  listen: ForwardEnd,
  serve: (stream: Stream, from: string) => Promise<void>,
): Promise<LocalListener> {
  const listener = await open(listen);
  const streams = new Set<Stream>();
  const accepting = (async () => {
    for await (const socket of listener) {
      const stream = socketStream(socket);
      if (streams.size >= MAX_LOCAL_CONNECTIONS) {
        stream.reset();
        continue;
      }
      streams.add(stream);
      serve(stream, remoteOf(socket)).finally(() => {
        streams.delete(stream);
        stream.reset();
      });
    }
  })().catch(() => {}); // closed
  return {
    where: listen.kind === "unix" ? listen.path : addressOf(listener.addr),
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      await accepting;
      for (const stream of streams) stream.reset();
    },
  };
}

type Listener = Deno.Listener<Deno.TcpConn | Deno.UnixConn>;

async function open(listen: ForwardEnd): Promise<Listener> {
  try {
    if (listen.kind !== "unix") return Deno.listen(listen.address);
    await removeDeadSocket(listen.path);
    const listener = Deno.listen({ transport: "unix", path: listen.path });
    await Deno.chmod(listen.path, 0o600);
    return listener;
  } catch (cause) {
    const where = listen.kind === "unix"
      ? listen.path
      : `${listen.address.hostname}:${listen.address.port}`;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ListenError(`Cannot listen on ${where}: ${detail}`, { cause });
  }
}

/** Takes away what a killed program left; a socket that somebody answers at stays. */
async function removeDeadSocket(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (!info?.isSocket) return;
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) await Deno.remove(path);
  }
}

function addressOf(addr: Deno.Addr): string {
  if (!("hostname" in addr)) return "";
  return addr.hostname.includes(":")
    ? `[${addr.hostname}]:${addr.port}`
    : `${addr.hostname}:${addr.port}`;
}

function remoteOf({ remoteAddr }: Deno.Conn): string {
  return addressOf(remoteAddr);
}
