import { type Endpoint, type ListenerInfo, serve } from "@alknet/core";
import type { H3Info, WebTransportSession } from "@alknet/h3";
import { http, type HttpInfo } from "@alknet/http";

import { hashesOf } from "./chromium.ts";

/** A node whose HTTP handler has something for every client of the tests. */
export interface Site extends AsyncDisposable {
  readonly node: Endpoint;
  readonly url: string;
  readonly port: number;
  /** SHA-256 of the certificate, for WebTransport. */
  readonly certificateHash: Uint8Array<ArrayBuffer>;
  /** SHA-256 of its public key in Base64, for Chromium's flags. */
  readonly spki: string;
  /** How the sessions so far have ended. */
  readonly ended: { code: number; reason: string }[];
  /** Sessions and requests that were given up or are under way, by what they ask for. */
  readonly aborted: string[];
  /** Sessions that are open. */
  readonly sessions: Set<WebTransportSession>;
}

/** Starts it on loopback. */
export async function startSite(): Promise<Site> {
  const ended: { code: number; reason: string }[] = [];
  const sessions = new Set<WebTransportSession>();
  const aborted: string[] = [];
  const app = (request: Request, info: HttpInfo): Response | Promise<Response> => {
    if (info.h3?.protocol === "webtransport") {
      return accept(info.h3, { sessions, ended, greets: request.url.endsWith("/greeted") });
    }
    return answer(request, info, aborted);
  };
  const node = await serve({
    hostname: "127.0.0.1",
    names: ["localhost", "127.0.0.1"],
    handlers: [http({ app })],
  });
  const [{ certificates: { leaf } }] = node.listeners as [ListenerInfo];
  const { spki } = await hashesOf(leaf.cert);
  return {
    node,
    port: node.addr.port,
    url: `https://localhost:${node.addr.port}`,
    certificateHash: leaf.sha256,
    spki,
    ended,
    aborted,
    sessions,
    [Symbol.asyncDispose]: () => node.close(),
  };
}

async function answer(request: Request, info: HttpInfo, aborted: string[]): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/":
      return new Response("<!doctype html><title>a site</title>", {
        headers: { "content-type": "text/html" },
      });
    case "/alpn":
      return new Response(info.alpn);
    case "/early":
      return new Response("I have read enough", { status: 413 });
    case "/late":
      await new Promise((resolve) => setTimeout(resolve, 2_500)); // past two probes
      return new Response("late");
    case "/hints":
      await info.h3?.sendInformational(103, { link: "</style.css>; rel=preload; as=style" });
      return new Response("after the hints");
    case "/hang":
      await new Promise<void>((resolve) =>
        request.signal.addEventListener("abort", () => resolve())
      );
      aborted.push(pathname);
      return new Response();
    default:
      return new Response(request.body, { headers: { "x-method": request.method } });
  }
}

interface Acceptance {
  readonly sessions: Set<WebTransportSession>;
  readonly ended: { code: number; reason: string }[];
  /** Whether the node opens a stream first. */
  readonly greets: boolean;
}

/** Echoes streams and datagrams; what comes one way goes back one way. */
function accept(info: H3Info, { sessions, ended, greets }: Acceptance): Response {
  const { response, session } = info.upgradeWebTransport();
  sessions.add(session);
  if (greets) greet(session);
  session.closed.then((end) => {
    sessions.delete(session);
    ended.push({ ...end });
  });
  serveStreams(session);
  echoOneWay(session);
  echoDatagrams(session).catch(() => {}); // the session is over
  return response;
}

/** Opens a stream, says hello, and sends back what is answered. */
async function greet(session: WebTransportSession): Promise<void> {
  const stream = await session.openStream();
  await stream.write(new TextEncoder().encode("hello, "));
  await stream.readable.pipeTo(stream.writable);
}

async function serveStreams(session: WebTransportSession): Promise<void> {
  for await (const stream of session.streams) {
    stream.readable.pipeTo(stream.writable).catch(() => {}); // the client gave it up
  }
}

async function echoOneWay(session: WebTransportSession): Promise<void> {
  for await (const stream of session.uni.incoming) {
    const back = await session.uni.open();
    stream.readable.pipeTo(back.writable).catch(() => {});
  }
}

async function echoDatagrams(session: WebTransportSession): Promise<void> {
  for (;;) await session.datagrams.send(await session.datagrams.receive());
}
