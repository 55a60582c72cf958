import {
  type CloseInfo,
  type HandlerContext,
  type Identity,
  NOBODY,
  type OpenTerminal,
  type Stream,
  type TerminalOffer,
  TerminalRefusedError,
  type TerminalRequest,
  type TerminalService,
  type TerminalSize,
} from "@alknet/core";
import { OperationRegistry } from "@alknet/operations";

import { startNode, type TestNode } from "./node.ts";
import { type Dashboard, dashboard, type DashboardOptions } from "../dashboard/dashboard.ts";

/** Who is signed in. */
export const ADA: Identity = { id: "ada", scopes: ["ssh:shell"], resources: {} };

/** What a terminal was opened with, and how to end it. */
export interface Opened {
  readonly stream: Stream;
  readonly ctx: HandlerContext;
  readonly request: TerminalRequest;
  readonly sizes: TerminalSize[];
  end(info: CloseInfo): void;
}

/** Sends everything back; there is no shell. */
export class EchoTerminals implements TerminalService {
  answer: TerminalOffer = { users: ["ada"] };
  refuses = false;
  readonly opened: Opened[] = [];
  #arrival = Promise.withResolvers<Opened>();

  /** The next that is opened. */
  get next(): Promise<Opened> {
    return this.#arrival.promise;
  }

  offer(identity: Identity | undefined): Promise<TerminalOffer> {
    return Promise.resolve(identity ? this.answer : { refusal: "scope" });
  }

  open(stream: Stream, ctx: HandlerContext, request: TerminalRequest): Promise<OpenTerminal> {
    if (this.refuses) return Promise.reject(new TerminalRefusedError("limit"));
    const { promise: ended, resolve: end } = Promise.withResolvers<CloseInfo>();
    const sizes: TerminalSize[] = [];
    const opened = { stream, ctx, request, sizes, end };
    ctx.signal.addEventListener("abort", () => end({ code: 0, reason: "left" }));
    stream.readable.pipeTo(stream.writable).catch(() => {}); // the page has left
    this.opened.push(opened);
    this.#arrival.resolve(opened);
    this.#arrival = Promise.withResolvers<Opened>();
    return Promise.resolve({ ended, resize: (size: TerminalSize) => void sizes.push(size) });
  }
}

/** A node with a dashboard that ada is signed in to. */
export class TerminalLab implements AsyncDisposable {
  readonly service = new EchoTerminals();
  readonly node: TestNode;
  readonly pages: Dashboard;
  who: Identity | undefined = ADA;
  cookie = "";
  csrf = "";
  readonly #sockets: WebSocket[] = [];

  private constructor(node: TestNode, pages: Dashboard) {
    this.node = node;
    this.pages = pages;
  }

  /** Starts one, and signs in; `absent` for a node that makes no terminals. */
  static async start(
    options: Partial<DashboardOptions> & { readonly absent?: boolean } = {},
  ): Promise<TerminalLab> {
    const at: { lab?: TerminalLab } = {};
    const { absent, ...rest } = options;
    const pages = dashboard({
      operations: new OperationRegistry(),
      terminals: () => absent ? undefined : at.lab?.service,
      ...rest,
    });
    const node = await startNode({
      app: async (request, info) =>
        await pages.fetch(request, info) ?? new Response("", { status: 404 }),
    }, { identities: NOBODY });
    const lab = at.lab = new TerminalLab(node, pages);
    lab.cookie = await lab.signIn();
    lab.csrf = /data-csrf="([^"]+)"|name="csrf" value="([^"]+)"/.exec(await lab.page())?.slice(1)
      .find((each) => each) ?? "";
    return lab;
  }

  /** Signs in anew; returns the cookie. */
  async signIn(): Promise<string> {
    const response = await this.ask(this.pages.link(() => this.who), { redirect: "manual" });
    await response.body?.cancel();
    return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  }

  /** Makes a request with the session's cookie. */
  ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookie) headers.set("cookie", this.cookie);
    return fetch(this.node.url + path, { ...init, headers, client: this.node.client });
  }

  /** The status of an answer whose body nobody wants. */
  async status(path: string, init?: RequestInit): Promise<number> {
    const response = await this.ask(path, init);
    await response.body?.cancel();
    return response.status;
  }

  /** A page's text. */
  async page(path = "/ui/terminal"): Promise<string> {
    return await (await this.ask(path)).text();
  }

  /** Agrees on a terminal: status, and where it is. */
  async agree(
    form: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; path: string }> {
    const fields = { csrf: this.csrf, user: "ada", columns: "80", rows: "24", ...form };
    const body = new URLSearchParams(fields);
    const response = await this.ask("/ui/terminal", { method: "POST", body, headers });
    const text = await response.text();
    const path = response.status === 201 ? String(JSON.parse(text).path) : "";
    return { status: response.status, text, path };
  }

  /** A WebSocket as the page opens it. */
  dial(path: string, { origin = this.node.url, cookie = this.cookie } = {}): WebSocket {
    const url = this.node.url.replace("https", "wss") + path;
    const headers = { cookie, ...origin ? { origin } : {} };
    const socket = new WebSocket(url, { client: this.node.client, headers });
    this.#sockets.push(socket);
    return socket;
  }

  /** Opens a terminal. */
  async open(form?: Record<string, string>): Promise<{ socket: WebSocket; opened: Opened }> {
    const { path } = await this.agree(form);
    const next = this.service.next;
    const socket = this.dial(path);
    await admitted(socket);
    return { socket, opened: await next };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) if (socket.readyState === WebSocket.OPEN) socket.close();
    await this.node[Symbol.asyncDispose]();
  }
}

/** Resolves with how a socket ends. */
export function closed(socket: WebSocket): Promise<CloseEvent> {
  return new Promise((resolve) => socket.addEventListener("close", resolve));
}

/** Resolves when a socket is open, rejects when it never will be. */
export function admitted(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new TypeError("Refused")));
  });
}
