/** Passes bytes to a server, and cuts the connection on which a client sends COMMIT. */
export class CuttingProxy implements AsyncDisposable {
  /** Whether the next COMMIT is cut. */
  armed = false;
  /** Whether the proxy takes no connections after that. */
  closeAfterCut = false;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #tasks: Promise<void>[] = [];
  readonly #serverPort: number;
  readonly #cut: "before" | "after";

  /** Cuts before the server has got the COMMIT, or after it has answered. */
  constructor(serverPort: number, cut: "before" | "after") {
    this.#serverPort = serverPort;
    this.#cut = cut;
    this.#tasks.push(this.#accept());
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    for (let task = this.#tasks.pop(); task; task = this.#tasks.pop()) await task;
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#serverPort });
        this.#conns.add(client).add(server);
        const state = { cut: false };
        this.#tasks.push(
          this.#pass(client, server, (bytes) => {
            if (!this.armed || !isCommit(bytes)) return true;
            this.armed = false;
            state.cut = true;
            return this.#cut === "after";
          }),
          this.#pass(server, client, () => !state.cut),
        );
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #pass(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    mayPass: (bytes: Uint8Array) => boolean,
  ): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        const bytes = buffer.subarray(0, n);
        if (!mayPass(bytes)) {
          if (this.closeAfterCut) this.#stop();
          break;
        }
        for (let at = 0; at < n;) at += await to.write(bytes.subarray(at));
      }
    } catch {
      // One side is gone; so will be the other.
    }
    for (const conn of [from, to]) this.#close(conn);
  }

  #stop(): void {
    for (const conn of this.#conns) this.#close(conn);
    try {
      this.#listener.close();
    } catch {
      // It is closed already.
    }
  }

  #close(conn: Deno.TcpConn): void {
    if (!this.#conns.delete(conn)) return;
    conn.close();
  }
}

/** A simple query (`Q`, length, text, zero) of this one word. */
function isCommit(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes).includes("commit\0");
}
