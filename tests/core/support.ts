import { strictEqual } from "node:assert/strict";

import { dial, type DialOptions } from "@alknet/client";
import {
  type CertificateSource,
  type Connection,
  type Endpoint,
  forEachStream,
  generateNodeKey,
  type Handler,
  type Identity,
  type IdentityProvider,
  issueLeaf,
  keyFingerprint,
  type Leaf,
  NOBODY,
  type NodeKey,
  serve,
  type ServeOptions,
  type Stream,
} from "@alknet/core";

/** The transports a node listens on. */
export type Transport = "quic" | "tls";

/** Both of them, for tests that run over each. */
export const TRANSPORTS: readonly Transport[] = ["quic", "tls"];

/** The ALPN of most tests. */
export const ALPN = "test/echo";

/** A node on a free port of the loopback interface. */
export function start(options: Partial<ServeOptions> = {}): Promise<Endpoint> {
  return serve({ hostname: "127.0.0.1", handlers: [echo()], ...options });
}

/** The target of a node that {@linkcode start} started. */
export function at(node: Endpoint, hostname = "127.0.0.1"): string {
  return `${node.nodeId}@${hostname}:${node.addr.port}`;
}

/** Dials a node over one transport. */
export function reach(
  node: Endpoint,
  transport: Transport,
  options: Partial<DialOptions> = {},
): Promise<Connection> {
  return dial(at(node), { alpn: ALPN, transports: [transport], ...options });
}

/** A handler that sends back what comes in on every stream. */
export function echo(options: Partial<Handler> = {}): Handler {
  return {
    name: "echo",
    alpn: [ALPN],
    accept: (conn) => forEachStream(conn, (stream) => stream.readable.pipeTo(stream.writable)),
    ...options,
  };
}

/** A handler that keeps its connections open and shows each to the test. */
export function keeper(options: Partial<Handler> = {}): Handler & { next(): Promise<Connection> } {
  const arrived: Connection[] = [];
  const waiting: ((conn: Connection) => void)[] = [];
  return {
    name: "keeper",
    alpn: [ALPN],
    accept: async (conn) => {
      const resolve = waiting.shift();
      if (resolve) resolve(conn);
      else arrived.push(conn);
      await conn.closed;
    },
    next: () => {
      const conn = arrived.shift();
      return conn ? Promise.resolve(conn) : new Promise((resolve) => waiting.push(resolve));
    },
    ...options,
  };
}

/** Sends a few bytes on a new stream and expects them back. */
export async function roundTrip(conn: Connection, text = "hello"): Promise<void> {
  const stream = await conn.openStream();
  await exchange(stream, text);
}

/** Sends a few bytes on a stream that is echoed and expects them back. */
export async function exchange(stream: Stream, text = "hello"): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  await stream.write(bytes);
  strictEqual(new TextDecoder().decode(await readExactly(stream, bytes.length)), text);
}

/** Reads that many bytes. */
export async function readExactly(
  stream: Pick<Stream, "read">,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await stream.read(bytes.subarray(filled));
    if (count === null) throw new Error(`End of stream after ${filled} of ${length} bytes`);
    filled += count;
  }
  return bytes;
}

/** Reads to the end of the direction; returns how many bytes there were. */
export async function drained(stream: Pick<Stream, "read">): Promise<number> {
  const buffer = new Uint8Array(65_536);
  let total = 0;
  for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
    total += count;
  }
  return total;
}

/** The first stream the peer opens. */
export async function firstStream(conn: Connection): Promise<Stream> {
  for await (const stream of conn.streams) return stream;
  throw new Error("The peer opened no stream");
}

/** Waits for something that raises no event, such as a counter. */
export async function until(what: () => boolean, ms = 5_000): Promise<void> {
  for (const end = Date.now() + ms; !what();) {
    if (Date.now() > end) throw new Error(`Not within ${ms} ms: ${what}`);
    await pause(5);
  }
}

/** Lets time go by where that is what is tested. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Certificates that change when the test says so, and are ready when it goes on. */
export class TurnedByHand implements CertificateSource {
  leaf: Leaf;
  onChange?: () => void;
  readonly #key: NodeKey;

  private constructor(key: NodeKey, readonly names: readonly string[], leaf: Leaf) {
    this.#key = key;
    this.leaf = leaf;
  }

  static async create(key: NodeKey, names: readonly string[] = []): Promise<TurnedByHand> {
    return new TurnedByHand(key, names, await issueLeaf(key));
  }

  /** The next leaf, as a rotation brings it. */
  async turn(): Promise<void> {
    this.leaf = await issueLeaf(this.#key);
    this.onChange?.();
  }

  [Symbol.dispose](): void {}
}

/** Peers that a test lists, disables and forgets. */
export class TestPeers implements IdentityProvider {
  readonly #known = new Map<string, Identity>();
  readonly #disabled = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly fromToken = NOBODY.fromToken;
  readonly fromSshKey = NOBODY.fromSshKey;
  readonly withId = NOBODY.withId;

  /** Lists a fresh key under an id. */
  async add(id: string): Promise<NodeKey> {
    const key = await generateNodeKey();
    this.list(keyFingerprint(key.publicKey), id);
    return key;
  }

  /** Lists a fingerprint under an id. */
  list(fingerprint: string, id: string): void {
    this.#known.set(fingerprint, { id, scopes: ["*"], resources: {} });
    this.#changed();
  }

  /** Switches a fingerprint off, as providers do: it is no longer known either. */
  disable(fingerprint: string): void {
    this.#known.delete(fingerprint);
    this.#disabled.add(fingerprint);
    this.#changed();
  }

  /** Takes a fingerprint off the list. */
  forget(fingerprint: string): void {
    this.#known.delete(fingerprint);
    this.#changed();
  }

  fromFingerprint(fingerprint: string): Identity | undefined {
    return this.#known.get(fingerprint);
  }

  isDisabled(fingerprint: string): boolean {
    return this.#disabled.has(fingerprint);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
