import { join } from "node:path";

import type { Identity, Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";

import type { GlobalRequest } from "../channel/multiplexer_hooks.ts";
import type { Account } from "../session/account.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import { joinStreams } from "./join_streams.ts";
import { isSocketAllowed } from "./outward.ts";
import { hasForwardScope } from "./rules.ts";
import { forwarder, type ForwardServices, mayListen } from "./services.ts";

type Listener = Deno.Listener<Deno.TcpConn> | Deno.Listener<Deno.UnixConn>;
const NOTHING = new Uint8Array(0);

/**
 * Ports and sockets that are listened on for one client (RFC 4254 section 7.1, OpenSSH PROTOCOL
 * 2.4): what comes there is carried to it in channels.
 */
export class InwardForwards implements AsyncDisposable {
  readonly #services: ForwardServices;
  readonly #listeners = new Map<string, Listener>();
  readonly #accepting = new Set<Promise<void>>();
  readonly #cleanUps: (() => Promise<void>)[] = [];
  #ended = false;

  /** Listens on nothing yet. */
  constructor(services: ForwardServices) {
    this.#services = services;
  }

  /**
   * Answers a request for the connection; false for one that is refused, or not about this. Throws
   * what listening throws.
   */
  request({ name, data }: GlobalRequest): Uint8Array | false {
    const reader = new SshReader(data);
    switch (name) {
      case "tcpip-forward":
        return this.#listenTcp(reader.text(), reader.uint32());
      case "cancel-tcpip-forward":
        return this.#cancel(tcpKey(reader.text(), reader.uint32()));
      case "streamlocal-forward@openssh.com":
        return this.#listenSocket(reader.text());
      case "cancel-streamlocal-forward@openssh.com":
        return this.#cancel(reader.text());
      default:
        return false;
    }
  }

  /** Makes a socket whose connections lead to the client's SSH agent. */
  async openAgent(account: Account): Promise<string | undefined> {
    if (this.#isFull()) return undefined;
    const directory = await Deno.makeTempDir({ prefix: "alknet-agent-" });
    const path = join(directory, "agent.sock");
    const listener = Deno.listen({ transport: "unix", path });
    await Deno.chmod(path, 0o600);
    if (account.owner) {
      const { uid, gid } = account.owner;
      for (const each of [directory, path]) await Deno.chown(each, uid, gid);
    }
    this.#cleanUps.push(() => Deno.remove(directory, { recursive: true }));
    this.#accept(path, listener, () => ["auth-agent@openssh.com", NOTHING]);
    return path;
  }

  /** Listens no more; connections that are open go on to their end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    for (const key of [...this.#listeners.keys()]) this.#cancel(key);
    await Promise.all(this.#accepting);
    for (const cleanUp of this.#cleanUps) await cleanUp().catch(() => {});
  }

  #listenTcp(asked: string, port: number): Uint8Array | false {
    const identity = forwarder(this.#services);
    const hostname = bindAddress(asked);
    const may = (bound: number): boolean =>
      identity !== undefined && this.#may(identity, hostname, bound);
    if (!identity || this.#isFull() || port > 65_535 || (port !== 0 && !may(port))) return false;
    const listener = Deno.listen({ hostname, port });
    const bound = listener.addr.port;
    if (!may(bound)) {
      listener.close();
      return false;
    }
    this.#accept(tcpKey(asked, bound), listener, (socket) => {
      const { hostname: from, port: fromPort } = remoteOf(socket);
      const data = new SshWriter().string(asked).uint32(bound).string(from).uint32(fromPort);
      return ["forwarded-tcpip", data.finish()];
    });
    return port === 0 ? new SshWriter().uint32(bound).finish() : NOTHING;
  }

  #listenSocket(path: string): Uint8Array | false {
    const identity = forwarder(this.#services);
    if (!identity || this.#isFull() || !isSocketAllowed(path, identity, this.#services)) {
      return false;
    }
    const listener = Deno.listen({ transport: "unix", path });
    this.#cleanUps.push(() => Deno.remove(path));
    const data = new SshWriter().string(path).string("").finish();
    this.#accept(path, listener, () => ["forwarded-streamlocal@openssh.com", data]);
    return NOTHING;
  }

  #may(identity: Identity, host: string, port: number): boolean {
    return hasForwardScope(identity, "listen", host, port) &&
      mayListen(this.#services, identity, { host, address: host, port });
  }

  #isFull(): boolean {
    return this.#ended || this.#listeners.size >= this.#services.limits.maxListeners;
  }

  #cancel(key: string): Uint8Array | false {
    const listener = this.#listeners.get(key);
    this.#listeners.delete(key);
    listener?.close();
    return listener ? NOTHING : false;
  }

  #accept(
    key: string,
    listener: Listener,
    offerOf: (socket: Deno.TcpConn | Deno.UnixConn) => [type: string, data: Uint8Array],
  ): void {
    this.#listeners.set(key, listener);
    const accepting = (async () => {
      for await (const socket of listener) this.#carry(socketStream(socket), ...offerOf(socket));
    })().catch(() => {}); // closed
    this.#accepting.add(accepting);
    accepting.then(() => this.#accepting.delete(accepting));
  }

  async #carry(stream: Stream, type: string, data: Uint8Array): Promise<void> {
    const { login, counter } = this.#services;
    const identity = login.identity();
    const leave = identity && counter.enter(identity.id);
    if (!leave) return stream.reset();
    try {
      const channel = await this.#services.multiplexer()?.open(type, data);
      if (channel) await joinStreams(channel, stream);
      else stream.reset();
    } catch {
      stream.reset(); // the client does not want it, or is gone
    } finally {
      leave();
    }
  }
}

/** RFC 4254 section 7.1: what an address to listen on means. */
function bindAddress(asked: string): string {
  if (asked === "" || asked === "*") return "::";
  return asked === "localhost" ? "127.0.0.1" : asked.toLowerCase();
}

function tcpKey(asked: string, port: number): string {
  return `${asked}\0${port}`;
}

function remoteOf(socket: Deno.TcpConn | Deno.UnixConn): { hostname: string; port: number } {
  const { remoteAddr } = socket;
  return "hostname" in remoteAddr ? remoteAddr : { hostname: "", port: 0 };
}
