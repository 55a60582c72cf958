import {
  ConfigIdentities,
  generateNodeKey,
  type Identity,
  type NodeKey,
  type PeerEntry,
  type Stream,
} from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";

import {
  type Account,
  ALPN,
  type Channel,
  type ClientKey,
  type ClientSessionOptions,
  DisconnectReason,
  ed25519HostKey,
  ssh,
  SshClientSession,
  type SshEvent,
  type SshHandler,
  type SshOptions,
} from "../mod.ts";
import { openTransport } from "../engine/ssh2_adapter.ts";
import type { PacketTransport } from "../engine/packet_transport.ts";
import { Message, message } from "../wire/message.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { SshWriter } from "../wire/ssh_writer.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What {@linkcode SshLab.start} can be told. */
export interface LabOptions extends Partial<SshOptions> {
  /** What alice may do. Default: everything with SSH. */
  readonly scopes?: readonly string[];
  /** Whom the connections themselves have proven. Default: nobody. */
  readonly proven?: Identity;
  /** Fingerprint of the key by which they did. */
  readonly provenBy?: string;
  /** Where connections come from. Default: memory. */
  readonly from?: string;
}

/** Programs run with a shell that reads no start-up files: those of a machine may take seconds. */
const ACCOUNT: Account = { name: "test", home: "/tmp", shell: "/bin/sh", prefix: [] };

/** The handler on connections within the process, and alice, who may log in. */
export class SshLab implements AsyncDisposable {
  readonly handler: SshHandler;
  readonly identities: ConfigIdentities;
  readonly alice: ClientKey;
  readonly stranger: ClientKey;
  readonly events: SshEvent[] = [];
  readonly #options: LabOptions;
  readonly #serving: Promise<void>[] = [];
  readonly #clients: { close(): void }[] = [];
  readonly #alice: PeerEntry;

  private constructor(options: LabOptions, alice: ClientKey, stranger: ClientKey) {
    this.#options = options;
    this.alice = alice;
    this.stranger = stranger;
    this.#alice = {
      peerId: "alice",
      fingerprints: [],
      sshKeys: [alice.blob.toBase64()],
      scopes: options.scopes ?? ["ssh:*"],
      resources: {},
      enabled: true,
    };
    this.identities = new ConfigIdentities({ peers: [this.#alice], tokens: [] });
    const { limits, ...rest } = options;
    this.handler = ssh({
      hostKey: ed25519HostKey(new Uint8Array(32).fill(7)),
      onEvent: (event) => this.events.push(event),
      accountOf: () => Promise.resolve(ACCOUNT),
      ...rest,
      limits: { failureDelayMs: 0, penaltyMs: 0, ...limits },
    });
  }

  /** Starts one. */
  static async start(options: LabOptions = {}): Promise<SshLab> {
    return new SshLab(
      options,
      clientKey(await generateNodeKey()),
      clientKey(await generateNodeKey()),
    );
  }

  /** The client's end of a stream that the handler serves. */
  async dial(): Promise<Stream> {
    const [client, server] = memoryPair({ alpn: ALPN });
    const { signal, remoteAddr } = server;
    const { proven: identity, provenBy: fingerprint, from } = this.#options;
    const address = from === undefined ? remoteAddr : { hostname: from, port: 1 };
    const auth = { alpn: ALPN, remoteAddr: address, identity, fingerprint };
    const stream = await client.openStream();
    this.#serving.push(this.handler.accept(server, { auth, identities: this.identities, signal }));
    this.#clients.push(client);
    return stream;
  }

  /** A logged-in client: alice, unless said otherwise. */
  async connect(options: Partial<ClientSessionOptions> = {}): Promise<SshClientSession> {
    return await SshClientSession.connect(await this.dial(), {
      user: "alice",
      keys: [this.alice],
      verifyHostKey: () => true,
      ...options,
    });
  }

  /** Waits until every connection so far has been served to its end. */
  async idle(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await Promise.all(this.#serving.splice(0));
  }

  /** Changes alice's peer entry, or takes it away. */
  change(change: Partial<PeerEntry> | undefined): void {
    const peers = change ? [{ ...this.#alice, ...change }] : [];
    this.identities.replace({ peers, tokens: [] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.idle();
    await this.handler.shutdown?.();
  }
}

/** A client's key from an Ed25519 key. */
export function clientKey({ publicKey, sign }: NodeKey): ClientKey {
  const named = (bytes: Uint8Array): Uint8Array =>
    new SshWriter().string("ssh-ed25519").string(bytes).finish();
  return {
    blob: named(publicKey),
    algorithm: "ssh-ed25519",
    sign: async (message) => named(await sign(message)),
  };
}

/** A text as a request's data. */
export function text(value: string): Uint8Array {
  return new SshWriter().string(value).finish();
}

/** What a command did. */
export interface Ran {
  readonly out: string;
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** Runs a command, with a terminal if a size is given. */
export async function exec(
  client: SshClientSession,
  command: string,
  options: { readonly stdin?: string; readonly pty?: Uint8Array } = {},
): Promise<Ran> {
  const channel = await client.multiplexer.open("session");
  if (options.pty && !await channel.ask("pty-req", options.pty)) throw new TypeError("no pty");
  return await run(channel, "exec", text(command), options.stdin);
}

/** Starts something on a session channel and collects what comes of it. */
export async function run(
  channel: Channel,
  type: string,
  data: Uint8Array,
  stdin = "",
): Promise<Ran> {
  let code: number | undefined;
  let signal: string | undefined;
  channel.onRequest = (request) => {
    const reader = new SshReader(request.data);
    if (request.type === "exit-status") code = reader.uint32();
    if (request.type === "exit-signal") signal = reader.text();
    return false;
  };
  if (!await channel.ask(type, data)) {
    channel.close();
    throw new TypeError(`${type} was refused`);
  }
  const sending = channel.write(encoder.encode(stdin)).then(() => channel.closeWrite());
  const out = await readAll(channel);
  await sending.catch(() => {}); // the program may not have wanted it
  await channel.closed;
  return { out, code, signal };
}

/** Everything until the end of a stream. */
export async function readAll(stream: Stream): Promise<string> {
  let all = "";
  const buffer = new Uint8Array(65_536);
  for (let n = await stream.read(buffer); n !== null; n = await stream.read(buffer)) {
    all += decoder.decode(buffer.subarray(0, n), { stream: true });
  }
  return all;
}

/** A terminal as a client asks for it. */
export function ptyRequest(columns: number, rows: number, term = "xterm"): Uint8Array {
  return new SshWriter().string(term).uint32(columns).uint32(rows).uint32(0).uint32(0).string("\0")
    .finish();
}

/** A client that says whatever it likes, once keys are agreed on. */
export class RawClient implements AsyncDisposable {
  readonly transport: PacketTransport;
  /** Messages of the server, in order. */
  readonly received: Uint8Array[] = [];
  readonly ended: Promise<void>;
  readonly #stream: Stream;
  #arrival = Promise.withResolvers<void>();
  #isOver = false;
  #gate = Promise.withResolvers<void>();

  constructor(stream: Stream) {
    this.#stream = stream;
    this.#gate.resolve();
    this.transport = openTransport(stream, { verifyHostKey: () => true, ident: "raw" });
    this.ended = this.transport.run(async (payload) => {
      const own = new Uint8Array(payload); // data is only there during the call
      await this.#gate.promise;
      if (own[0] !== Message.ChannelData || this.received.length < 100) this.received.push(own);
      this.#arrival.resolve();
      this.#arrival = Promise.withResolvers<void>();
    }).catch(() => {}).then(() => {
      this.#isOver = true;
      this.#arrival.resolve();
    });
  }

  /** Reads nothing until {@linkcode RawClient.resume}. */
  pause(): void {
    this.#gate = Promise.withResolvers<void>();
  }

  /** Reads on. */
  resume(): void {
    this.#gate.resolve();
  }

  /** Logs in as alice. */
  async logIn(key: ClientKey): Promise<void> {
    await this.transport.ready;
    this.transport.send(message(Message.ServiceRequest).string("ssh-userauth").finish());
    const body = message(Message.UserauthRequest).string("alice").string("ssh-connection")
      .string("publickey").boolean(true).string(key.algorithm).string(key.blob).finish();
    const { sessionId } = this.transport;
    const signature = await key.sign(new SshWriter().string(sessionId).raw(body).finish());
    this.transport.send(new SshWriter().raw(body).string(signature).finish());
    await this.waitFor(Message.UserauthSuccess);
  }

  /** Waits for a message of a type, and takes it out. */
  async waitFor(type: number): Promise<Uint8Array> {
    for (;;) {
      const at = this.received.findIndex((payload) => payload[0] === type);
      if (at >= 0) return this.received.splice(at, 1)[0] ?? new Uint8Array(0);
      if (this.#isOver) throw new TypeError(`The connection ended without a message ${type}`);
      await this.#arrival.promise;
    }
  }

  /** Opens a session channel with number 0 and any window; returns the server's number for it. */
  async openSession(window: number, packet = 32_768): Promise<number> {
    this.transport.send(
      message(Message.ChannelOpen).string("session").uint32(0).uint32(window).uint32(packet)
        .finish(),
    );
    const reader = new SshReader(await this.waitFor(Message.ChannelOpenConfirmation), 5);
    return reader.uint32();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    await this.transport.close(DisconnectReason.ByApplication, "");
    this.#stream.reset();
    await this.ended;
  }
}
