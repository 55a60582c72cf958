import { type Address, CloseCode, type Connection, type NodeKey } from "@alknet/core";
import { proveKey, type ServerBinding, type TransportConnection } from "@alknet/core/transport";
import { type AttemptOptions, dialQuic } from "./dial_quic.ts";
import { dialTls } from "./dial_tls.ts";
import { type Attempt, DialError, type DialFailure, failureOf } from "./errors.ts";
import type { PathMemory } from "./path_memory.ts";
import { race, type Runner } from "./race.ts";
import { resolveAll } from "./resolve.ts";
import { type KnownPeer, parseTarget, type Target } from "./target.ts";

/** What {@linkcode dial} can be told. */
export interface DialOptions {
  /** The protocol wanted. */
  readonly alpn: string;
  /**
   * The key to prove, for ALPNs whose handler asks for one; `"anonymous"` takes part in that
   * exchange without a key. Default: no exchange, for ALPNs whose handler asks for none.
   */
  readonly identity?: NodeKey | "anonymous";
  /** Ends the dial, not the connection. */
  readonly signal?: AbortSignal;
  /** Time for everything. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Transports to try. Default: both. */
  readonly transports?: readonly ("quic" | "tls")[];
  /** Looks up names of peers. Default: none are known. */
  readonly knownPeer?: (name: string) => KnownPeer | undefined;
  /** What worked before. Default: nothing is remembered. */
  readonly paths?: PathMemory;
  /** Deno's endpoint to dial from, to use the listening port. Default: one a connection. */
  readonly quicEndpoint?: Deno.QuicEndpoint;
}

const TIMEOUT_MS = 10_000;
/** Head start of QUIC over TLS, and of TLS over QUIC where QUIC failed the last time. */
const HEAD_START_MS = 200;
/** Head start of each address over the next one (RFC 8305 section 5 allows 100 to 2,000). */
const ADDRESS_DELAY_MS = 100;

/**
 * Dials a node: QUIC and TLS over TCP are raced with a head start for QUIC, the server shows who it
 * is in the handshake, and the client proves its key where the protocol asks for it.
 *
 * @param target See {@linkcode parseTarget}, or what it returned.
 * @param options The protocol and everything else.
 * @returns The connection. A server that refuses the key closes it with code 4.
 * @throws {TargetError} When the target cannot be read.
 * @throws {DialError} When nothing led there; it says what was tried.
 *
 * @example
 * ```ts
 * import { dial } from "@alknet/client";
 * import { forEachStream, serve } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * await using node = await serve({
 *   hostname: "127.0.0.1",
 *   handlers: [{
 *     name: "echo",
 *     alpn: ["example/echo"],
 *     accept: (conn) => forEachStream(conn, (stream) => stream.readable.pipeTo(stream.writable)),
 *   }],
 * });
 * await using conn = await dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, {
 *   alpn: "example/echo",
 * });
 * const stream = await conn.openStream();
 * await stream.write(new TextEncoder().encode("hello"));
 * strictEqual(await stream.read(new Uint8Array(16)), 5);
 * ```
 */
export async function dial(target: string | Target, options: DialOptions): Promise<Connection> {
  const wanted = typeof target === "string" ? parseTarget(target, options.knownPeer) : target;
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const conn = await connect(wanted, options, signal);
  if (!options.identity) return conn;
  const abort = (): void => conn.close(CloseCode.Timeout, "no proof in time");
  signal.addEventListener("abort", abort);
  try {
    const key = options.identity === "anonymous" ? undefined : options.identity;
    await proveKey(conn, bindingOf(wanted), key);
    return conn;
  } catch (error) {
    conn.close(CloseCode.Ok, "");
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function connect(
  target: Target,
  options: DialOptions,
  signal: AbortSignal,
): Promise<TransportConnection> {
  const addresses = await unlessAborted(resolveAll(target.addresses), signal);
  if (!addresses) throw new DialError(target.text, abortedBy(options), []);
  if (addresses.length === 0) throw new DialError(target.text, "name", []);
  const plans = planOf(target, addresses, options);
  const result = await race(plans.map((plan) => runnerOf(plan, target, options)), signal);
  if ("won" in result) {
    const { transport } = plans[result.index] ?? {};
    const raced = new Set(plans.map((plan) => plan.transport)).size > 1;
    if (transport && raced) options.paths?.remember(target.text, transport);
    return result.won;
  }
  throw dialError(target, plans, result.errors, options.signal);
}

/** What a promise resolves to, or undefined when the signal comes first. */
async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const abort = (): void => aborted.resolve(undefined);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function abortedBy({ signal }: DialOptions): DialFailure {
  return signal?.aborted ? "aborted" : "name";
}

interface Plan {
  readonly transport: "quic" | "tls";
  readonly addr: Address;
  readonly delayMs: number;
}

/** QUIC first, unless TLS was what worked the last time and QUIC's next probe is not yet due. */
function planOf(target: Target, addresses: readonly Address[], options: DialOptions): Plan[] {
  const transports = options.transports ?? ["quic", "tls"];
  const preferred = options.paths?.preferred(target.text) ?? "quic";
  const first = transports.includes(preferred) ? preferred : transports[0];
  const plans = transports.flatMap((transport) =>
    addresses.map((addr, index) => ({
      transport,
      addr,
      delayMs: index * ADDRESS_DELAY_MS + (transport === first ? 0 : HEAD_START_MS),
    }))
  );
  return plans.sort((a, b) => a.delayMs - b.delayMs);
}

function runnerOf(plan: Plan, target: Target, options: DialOptions): Runner<TransportConnection> {
  const [hostname = plan.addr.hostname] = target.addresses.map((each) => each.hostname);
  return {
    delayMs: plan.delayMs,
    start: (signal) => {
      const attempt: AttemptOptions = {
        target,
        addr: plan.addr,
        hostname,
        alpn: options.alpn,
        signal,
      };
      return plan.transport === "quic" ? dialQuic(attempt, options.quicEndpoint) : dialTls(attempt);
    },
    discard: (late) => late.close(),
  };
}

function bindingOf({ trust, addresses }: Target): ServerBinding {
  if (trust.kind === "node-id") return { kind: "node-id", value: trust.publicKey };
  if (trust.kind === "leaf-hash") return { kind: "leaf-hash", value: trust.sha256 };
  const name = addresses[0]?.hostname.toLowerCase() ?? "";
  return { kind: "server-name", value: new TextEncoder().encode(name) };
}

function dialError(
  target: Target,
  plans: readonly Plan[],
  errors: readonly unknown[],
  caller?: AbortSignal,
): DialError {
  const attempts: Attempt[] = plans.map(({ transport, addr }, index) => ({
    transport,
    address: addr.hostname.includes(":")
      ? `[${addr.hostname}]:${addr.port}`
      : `${addr.hostname}:${addr.port}`,
    reason: reasonOf(errors[index]),
  }));
  const failure = caller?.aborted ? "aborted" : failureOf(attempts.map(({ reason }) => reason));
  return new DialError(target.text, failure, attempts);
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "no answer";
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replace(/^(aborted by peer: )?the cryptographic handshake failed: /, "");
}
