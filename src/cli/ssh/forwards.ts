import type { Address, Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";
import {
  type Channel,
  joinStreams,
  type MultiplexerHooks,
  openSocket,
  openTcp,
  RemoteListeners,
  type SshClientSession,
} from "@alknet/ssh";
import { CliError, ExitCode } from "../errors.ts";
import type { ForwardEnd, ForwardSpec, RemoteForward } from "./forward_spec.ts";
import { assertLoopback, listenLocally } from "./local_listener.ts";
import { serveLocalProxy } from "./local_proxy.ts";
import { forwardDatagrams } from "./local_udp.ts";
import type { SessionSource } from "./session_link.ts";

/** What happens to forwards. */
export type ForwardEvent =
  | {
    readonly event: "listening";
    readonly side: "here" | "there";
    readonly forward: string;
    readonly address: string;
  }
  | { readonly event: "failed"; readonly forward: string; readonly reason: string };

/** What {@linkcode Forwards} is told. */
export interface ForwardsOptions {
  /** Told of everything. */
  onEvent(event: ForwardEvent): void;
  /** Whether other machines may reach the listeners here. Default: false. */
  readonly dangerListen?: boolean;
  /** Where the SSH agent that is lent listens. Default: none is. */
  readonly agentSocket?: string;
}

/** Ports and sockets that are forwarded, those of this side and those of the other. */
export class Forwards implements AsyncDisposable {
  readonly #specs: readonly ForwardSpec[];
  readonly #options: ForwardsOptions;
  readonly #remote: RemoteListeners;
  readonly #stack = new AsyncDisposableStack();

  /**
   * Listens nowhere yet.
   *
   * @throws {CliError} When a listener would be open to other machines and that is not meant.
   */
  constructor(specs: readonly ForwardSpec[], options: ForwardsOptions) {
    const { agentSocket: path, dangerListen = false } = options;
    for (const { direction, listen } of specs) {
      if (direction !== "remote") assertLoopback(listen, dangerListen);
    }
    this.#specs = specs;
    this.#options = options;
    this.#remote = new RemoteListeners(path ? (way) => this.#toAgent(way, path) : undefined);
  }

  /** What the server may open. */
  get hooks(): MultiplexerHooks {
    return this.#remote.hooks;
  }

  /**
   * Listens here, for as long as this lives.
   *
   * @throws {ListenError} When a port or path cannot be had.
   */
  async listen(source: SessionSource): Promise<void> {
    for (const spec of this.#specs) {
      if (spec.direction === "remote") continue;
      const { listen, text } = spec;
      const listener = this.#stack.use(
        listen.kind === "udp" && spec.direction === "local"
          ? forwardDatagrams(spec, source, (error) => this.#failed(text, error))
          : await listenLocally(listen, (stream) => this.#serve(stream, spec, source)),
      );
      this.#options.onEvent({
        event: "listening",
        side: "here",
        forward: text,
        address: listener.where,
      });
    }
  }

  /**
   * Has the other side listen, for as long as the session lives.
   *
   * @throws {CliError} When it does not.
   */
  async attach(session: SshClientSession): Promise<void> {
    for (const spec of this.#specs) {
      if (spec.direction === "remote") await this.#listenThere(session, spec);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #listenThere(
    session: SshClientSession,
    { text, listen, to }: RemoteForward,
  ): Promise<void> {
    const take = (stream: Stream): void => void this.#reachHere(stream, to, text);
    try {
      const address = listen.kind === "unix"
        ? await this.#remote.listenSocket(session, listen.path, take).then(() => listen.path)
        : await this.#remote.listenTcp(session, listen.address, take)
          .then((port) => `${listen.address.hostname}:${port}`);
      this.#options.onEvent({ event: "listening", side: "there", forward: text, address });
    } catch (cause) {
      throw new CliError(
        `The node does not listen for -R ${text}: its port may be taken, or it needs the scope ` +
          "ssh:listen (or ssh:socket) and a rule under [ssh] listen",
        ExitCode.Unavailable,
        { cause },
      );
    }
  }

  async #serve(
    stream: Stream,
    spec: Exclude<ForwardSpec, RemoteForward>,
    source: SessionSource,
  ): Promise<void> {
    try {
      if (spec.direction === "dynamic") return await serveLocalProxy(stream, source);
      const channel = await openWay(await source.session(), spec.to);
      await joinStreams(channel, stream);
    } catch (error) {
      stream.reset();
      this.#failed(spec.text, error);
    }
  }

  async #reachHere(stream: Stream, to: ForwardEnd, text: string): Promise<void> {
    try {
      await joinStreams(stream, await dialHere(to));
    } catch (error) {
      stream.reset();
      this.#failed(text, error);
    }
  }

  async #toAgent(stream: Stream, path: string): Promise<void> {
    await this.#reachHere(stream, { kind: "unix", path }, "-A");
  }

  #failed(forward: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.onEvent({ event: "failed", forward, reason });
  }
}

async function openWay(session: SshClientSession, to: ForwardEnd): Promise<Channel> {
  return to.kind === "unix"
    ? await openSocket(session, to.path)
    : await openTcp(session, to.address satisfies Address);
}

async function dialHere(to: ForwardEnd): Promise<Stream> {
  if (to.kind === "unix") {
    return socketStream(await Deno.connect({ transport: "unix", path: to.path }));
  }
  const socket = await Deno.connect(to.address);
  socket.setNoDelay(true);
  return socketStream(socket);
}
