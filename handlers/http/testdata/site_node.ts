import { serve, trustAnchor } from "@alknet/core";

import { http } from "../http.ts";
import { type ProxySite, proxySite, type ProxySiteOptions } from "../sites/proxy_site.ts";
import { type Site, sites } from "../sites/site.ts";
import { upstream } from "../sites/upstream.ts";

/** A node that serves sites, and how to ask it. */
export interface SiteNode extends AsyncDisposable {
  /** `localhost` and its port. */
  readonly origin: string;
  /** Asks with a client that follows no redirect. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Opens a WebSocket. */
  webSocket(path: string, protocols?: string[]): WebSocket;
  /** Opens a connection for HTTP/1.1. */
  connect(): Promise<Deno.TlsConn>;
  /** What is answered to these bytes, until the connection ends. */
  raw(text: string): Promise<string>;
}

/** Starts one. */
export async function node(list: readonly Site[]): Promise<SiteNode> {
  const handle = sites(list);
  const app = async (...args: Parameters<typeof handle>): Promise<Response> =>
    await handle(...args) ?? new Response("no such site\n", { status: 404 });
  const endpoint = await serve({
    hostname: "127.0.0.1",
    names: ["localhost"],
    handlers: [http({ app })],
    limits: { drainTimeoutMs: 200 },
  });
  const caCerts = [trustAnchor(endpoint.key.publicKey)];
  const client = Deno.createHttpClient({ caCerts });
  const origin = `localhost:${endpoint.addr.port}`;
  const connect = (): Promise<Deno.TlsConn> =>
    Deno.connectTls({
      hostname: "localhost",
      port: endpoint.addr.port,
      caCerts,
      alpnProtocols: ["http/1.1"],
    });
  return {
    origin,
    ask: (path: string, init: RequestInit = {}) =>
      fetch(`https://${origin}${path}`, { ...init, client, redirect: "manual" }),
    webSocket: (path: string, protocols: string[] = []) =>
      new WebSocket(`wss://${origin}${path}`, { protocols, client }),
    connect,
    async raw(text: string): Promise<string> {
      using conn = await connect();
      await conn.write(new TextEncoder().encode(text));
      let answer = "";
      const buffer = new Uint8Array(4_096);
      for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
        answer += new TextDecoder().decode(buffer.subarray(0, n));
      }
      return answer;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      client.close();
      await endpoint.close();
      for (const { serve } of list) {
        if ("upstreams" in serve) (serve as ProxySite)[Symbol.dispose]();
      }
    },
  };
}

/** A site that passes requests on to these servers. */
export function proxied(upstreams: readonly string[], more: Partial<ProxySiteOptions> = {}): Site {
  return {
    serve: proxySite({ upstreams: upstreams.map((each) => upstream(each)), ...more }),
  };
}

/** A server behind a site. */
export function server(handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
}
