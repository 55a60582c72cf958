import type { Address, Stream } from "@alknet/core";

import { ProxyProtocolError, ProxyRefusedError } from "./errors.ts";
import { type HandshakeStep, ProxyHandshake, type ProxyHandshakeOptions } from "./handshake.ts";
import type { ProxyRequest } from "./proxy_request.ts";
import { type ProxyOutcome, proxyReply } from "./reply.ts";

/** An open way to a destination. */
export interface ProxyTarget {
  /** Bytes to and from it. */
  readonly stream: Stream;
  /** This side's end, told to the client. Default: all zeros. */
  readonly bound?: Address;
}

/** An open association for datagrams; they travel beside the stream. */
export interface UdpAssociation extends AsyncDisposable {
  /** Where the client has to send its datagrams to. */
  readonly bound: Address;
}

/** What {@linkcode serveProxy} can be told. */
export interface ServeProxyOptions extends ProxyHandshakeOptions {
  /**
   * Opens the way to a destination. What it throws is told to the client as `failed`, a
   * {@linkcode ProxyRefusedError} by its own reason.
   */
  readonly connect: (request: ProxyRequest, signal: AbortSignal) => Promise<ProxyTarget>;
  /** Opens an association; it is disposed of when the stream ends. Default: not supported. */
  readonly associate?: (request: ProxyRequest, signal: AbortSignal) => Promise<UdpAssociation>;
  /** Time until the request is whole, in milliseconds. Default: 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Ends it, whatever it is at. */
  readonly signal?: AbortSignal;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
const BUFFER_BYTES = 65_536;

/**
 * Serves one client of a proxy to the end of its connection.
 *
 * @param client The client's stream.
 * @param options How destinations are reached.
 * @throws {ProxyProtocolError} When the client speaks none of the protocols, or is not let in.
 * @throws {ProxyRefusedError} When its destination was not reached; the client was told.
 */
export async function serveProxy(client: Stream, options: ServeProxyOptions): Promise<void> {
  const abort = new AbortController();
  const follow = (): void => abort.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", follow, { once: true });
  if (options.signal?.aborted) follow();
  abort.signal.addEventListener("abort", () => client.reset(), { once: true });
  try {
    const { request, rest } = await handshake(client, options);
    await (request.command === "connect"
      ? connected(client, { request, rest, options, signal: abort.signal })
      : associated(client, { request, rest, options, signal: abort.signal }));
  } finally {
    options.signal?.removeEventListener("abort", follow);
    abort.abort();
  }
}

interface Begun {
  readonly request: ProxyRequest;
  readonly rest: Uint8Array;
}

interface Serving extends Begun {
  readonly options: ServeProxyOptions;
  readonly signal: AbortSignal;
}

async function handshake(client: Stream, options: ServeProxyOptions): Promise<Begun> {
  const machine = new ProxyHandshake(options);
  const timer = setTimeout(
    () => client.reset(),
    options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
  );
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    while (true) {
      const count = await client.read(buffer);
      if (count === null) throw new ProxyProtocolError("Client left within the handshake");
      const { reply, request, rest }: HandshakeStep = machine.push(buffer.subarray(0, count));
      if (reply.length > 0) await client.write(reply);
      if (request) return { request, rest };
    }
  } catch (error) {
    if (error instanceof ProxyProtocolError && error.reply) await lastWords(client, error.reply);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function connected(client: Stream, serving: Serving): Promise<void> {
  const { request, rest, options, signal } = serving;
  const target = await opened(client, request, () => options.connect(request, signal));
  const { stream, bound = { hostname: "0.0.0.0", port: 0 } } = target;
  signal.addEventListener("abort", () => stream.reset(), { once: true });
  await client.write(proxyReply(request, { bound }));
  if (rest.length > 0) await stream.write(rest);
  await Promise.all([copy(client, stream), copy(stream, client)]);
}

/** An association lives as long as the stream that asked for it (RFC 1928 section 6). */
async function associated(client: Stream, { request, options, signal }: Serving): Promise<void> {
  await using association = await opened(client, request, () => {
    if (options.associate) return options.associate(request, signal);
    throw new ProxyRefusedError("command-not-supported", "Datagrams are not supported here");
  });
  await client.write(proxyReply(request, { bound: association.bound }));
  const waste = new Uint8Array(1_024);
  while (await client.read(waste) !== null);
}

async function opened<Way>(
  client: Stream,
  request: ProxyRequest,
  open: () => Promise<Way>,
): Promise<Way> {
  try {
    return await open();
  } catch (error) {
    const refusal = error instanceof ProxyRefusedError ? error.refusal : "failed";
    const outcome: ProxyOutcome = { refusal };
    await lastWords(client, proxyReply(request, outcome));
    throw error;
  }
}

/** Copies one direction; its end is passed on and leaves the other direction open. */
async function copy(from: Stream, to: Stream): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      await to.write(buffer.subarray(0, count));
    }
    await to.closeWrite();
  } catch (error) {
    // Half a copy must not pass for a whole one: both ends learn that something broke.
    from.reset();
    to.reset();
    throw error;
  }
}

/** The client is owed the reason; one that is gone does not read it. */
async function lastWords(client: Stream, reply: Uint8Array): Promise<void> {
  try {
    await client.write(reply);
    await client.closeWrite();
  } catch {
    client.reset();
  }
}
