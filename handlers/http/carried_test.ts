import { dial } from "@alknet/client";
import {
  type EndpointEvent,
  forEachStream,
  type Handler,
  type Identity,
  NOBODY,
  type PeerAuth,
  type ServeOptions,
} from "@alknet/core";
import { connectH3, type H3Client, type WebTransportSession } from "@alknet/h3";
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import type { HttpApp } from "./http_info.ts";
import { DEFAULT_TICKET_LIMITS, SessionTickets, TICKET_MS } from "./session_tickets.ts";
import { startNode, type TestNode, until } from "./testdata/node.ts";
import { webApp } from "./web_app.ts";

const ALICE: Identity = { id: "alice", scopes: ["metrics:read"], resources: {} };
const RIGHT = { authorization: "Bearer right" };
const WRONG = { authorization: "Bearer wrong" };

Deno.test("a session for /alknet/<name> is a connection of that name's handler", async () => {
  await using site = await startSite();
  const session = await site.open("/alknet/whoami", RIGHT);
  strictEqual(await ask(session), "alice over webtransport for alknet/whoami");
});

Deno.test("a known peer is asked for only where the handler wants one", async () => {
  await using site = await startSite({ peerAuth: "none" });
  strictEqual(
    await ask(await site.open("/alknet/whoami")),
    "nobody over webtransport for alknet/whoami",
  );
  await using strict = await startSite({ peerAuth: "required" });
  await rejects(strict.open("/alknet/whoami"), /answered with 404/);
});

Deno.test("wrong tokens, tickets and names are answered as though there were nothing", async () => {
  await using site = await startSite();
  for (const path of ["/alknet/nothing", "/alknet/whoami?ticket=00", "/alknet", "/else"]) {
    await rejects(site.open(path, RIGHT), /answered with 404/);
  }
  await rejects(site.open("/alknet/whoami", WRONG), /answered with 404/);
  const plain = await site.client.fetch(`${site.node.url}/alknet/whoami`, { headers: RIGHT });
  strictEqual(plain.status, 404);
});

Deno.test("a ticket for who has a token opens one session", async () => {
  await using site = await startSite();
  const url = `${site.node.url}/alknet/ticket`;
  const refused = await site.client.fetch(url, { method: "POST", headers: WRONG });
  strictEqual(refused.status, 404);
  const response = await site.client.fetch(url, { method: "POST", headers: RIGHT });
  strictEqual(response.status, 201);
  strictEqual(response.headers.get("cache-control"), "no-store");
  const { ticket, expiresInMs } = await response.json();
  match(ticket, /^[0-9a-f]{32}$/);
  strictEqual(expiresInMs, 30_000);
  strictEqual(
    await ask(await site.open(`/alknet/whoami?ticket=${ticket}`)),
    "alice over webtransport for alknet/whoami",
  );
  await rejects(site.open(`/alknet/whoami?ticket=${ticket}`), /answered with 404/);
});

Deno.test("a revoked token ends its sessions at once, with code 7", async () => {
  await using site = await startSite();
  const session = await site.open("/alknet/whoami", RIGHT);
  await ask(session);
  site.revoke();
  deepStrictEqual({ ...await session.closed }, { code: 7, reason: "permission withdrawn" });
});

Deno.test("a failing handler ends its own session, with code 1 and no reason of ours", async () => {
  await using site = await startSite();
  const session = await site.open("/alknet/fails", RIGHT);
  deepStrictEqual({ ...await session.closed }, { code: 1, reason: "failed" });
  strictEqual((await ask(await site.open("/alknet/whoami", RIGHT))).startsWith("alice"), true);
});

// Sessions were served beside the endpoint: `alknet status` did not show them, no limit counted them,
// and nothing of the audit trail told that they had come, or that their permission was withdrawn.
Deno.test("a session is listed, counted and told of as a connection of the endpoint's own", async () => {
  const events: EndpointEvent[] = [];
  await using site = await startSite({ onEvent: (event) => events.push(event) });
  const { endpoint } = site.node;
  const session = await site.open("/alknet/whoami", RIGHT);
  const said = await ask(session);
  const [carrier, carried] = endpoint.connections;
  strictEqual(carrier?.handler, "http");
  const { alpn, handler, transport, peer, bytesSent } = carried ?? {};
  deepStrictEqual(
    { alpn, handler, transport, peer, bytesSent },
    {
      alpn: "alknet/whoami",
      handler: "whoami",
      transport: "webtransport",
      peer: "alice",
      bytesSent: said.length,
    },
  );
  strictEqual(endpoint.counters.active, 2);
  strictEqual(endpoint.counters.accepted, 2);
  ok(
    endpoint.traffic.sent >= (carrier?.bytesSent ?? Infinity),
    "the bytes of the session count once",
  );
  site.revoke();
  await session.closed;
  strictEqual(endpoint.counters.revoked, 1);
  deepStrictEqual(
    events.filter(({ transport }) => transport === "webtransport").map(({ kind }) => kind),
    ["connection.opened", "connection.revoked"],
  );
  await until(() => endpoint.connections.length === 1 && endpoint.counters.active === 1);
});

Deno.test("sessions count towards the limit of their identity, and leave their place again", async () => {
  const events: string[] = [];
  await using site = await startSite({
    limits: { maxConnectionsPerIdentity: 1 },
    onEvent: ({ kind }) => events.push(kind),
  });
  const { counters } = site.node.endpoint;
  const first = await site.open("/alknet/whoami", RIGHT);
  await ask(first);
  await rejects(site.open("/alknet/whoami", RIGHT), /answered with 429/);
  strictEqual(counters.refusedIdentity, 1);
  deepStrictEqual(events.filter((kind) => kind.startsWith("limit")), ["limit.carried"]);
  await ask(await site.open("/alknet/whoami")); // a stranger is nobody's share
  first.close();
  await until(() => counters.active === 2);
  await ask(await site.open("/alknet/whoami", RIGHT));
});

Deno.test("sessions count towards the limit of all connections", async () => {
  await using site = await startSite({ limits: { maxConnections: 2 } });
  await ask(await site.open("/alknet/whoami", RIGHT));
  await rejects(site.open("/alknet/whoami", RIGHT), /answered with 429/);
  strictEqual(site.node.endpoint.counters.refusedTotal, 1);
  strictEqual(site.node.endpoint.counters.active, 2);
});

Deno.test("a session whose handler hangs is closed with code 5 once the drain time is over", async () => {
  await using site = await startSite({ limits: { drainTimeoutMs: 20 } });
  const session = await site.open("/alknet/hangs", RIGHT);
  const closing = site.node.endpoint.close();
  deepStrictEqual({ ...await session.closed }, { code: 5, reason: "shutting down" });
  await closing;
});

Deno.test("sessions come to their end at shutdown", async () => {
  await using site = await startSite();
  const session = await site.open("/alknet/whoami", RIGHT);
  await ask(session);
  const closing = site.node.endpoint.close();
  await session.draining;
  session.close();
  await closing;
});

Deno.test("tickets are good once and for half a minute", () => {
  let now = 0;
  const tickets = new SessionTickets({ now: () => now });
  const first = tickets.issue("a", "alice") ?? "";
  strictEqual(tickets.redeem(first), "a");
  strictEqual(tickets.redeem(first), undefined);
  const late = tickets.issue("b", "alice") ?? "";
  now = TICKET_MS;
  strictEqual(tickets.redeem(late), undefined);
});

// A thousand tickets of one holder of a token pushed out everybody's, half a minute long.
Deno.test("maxTicketsPerIdentity: one holder gets no further, and the others' tickets stay", () => {
  let now = 0;
  const tickets = new SessionTickets({ maxTickets: 4, maxTicketsPerIdentity: 3, now: () => now });
  const oldest = tickets.issue("a", "alice") ?? "";
  const own = Array.from({ length: 100 }, () => tickets.issue("m", "mallory"));
  strictEqual(own.filter((ticket) => ticket !== undefined).length, 3);
  strictEqual(tickets.issue("b", "bob"), undefined, "there are four in all");
  strictEqual(tickets.redeem(oldest), "a");
  strictEqual(tickets.issue("m", "mallory"), undefined);
  ok(tickets.issue("b", "bob"));
  strictEqual(tickets.redeem(own[0] ?? ""), "m");
  ok(tickets.issue("m", "mallory"), "a used one makes room");
  now = TICKET_MS;
  ok(
    Array.from({ length: 3 }, () => tickets.issue("m", "mallory")).every(Boolean),
    "so do late ones",
  );
});

Deno.test("who has too many tickets is answered 429, and the application counts it", async () => {
  const app = webApp({ metrics: () => [], visible: ["metrics"] });
  await using site = await startSite({ app });
  const ask = (): Promise<Response> =>
    site.client.fetch(`${site.node.url}/alknet/ticket`, { method: "POST", headers: RIGHT });
  const { maxTicketsPerIdentity } = DEFAULT_TICKET_LIMITS;
  for (let n = 0; n < maxTicketsPerIdentity; n++) strictEqual((await ask()).status, 201);
  const response = await ask();
  strictEqual(response.status, 429);
  strictEqual(response.headers.get("retry-after"), "30");
  const shown = await site.client.fetch(`${site.node.url}/metrics`, { headers: RIGHT });
  const metrics = await shown.text();
  match(metrics, /^alknet_http_refused_total\{reason="tickets"\} 1$/m);
});

interface Site extends AsyncDisposable {
  readonly node: TestNode;
  readonly client: H3Client;
  open(path: string, headers?: HeadersInit): Promise<WebTransportSession>;
  /** Makes the token worthless. */
  revoke(): void;
}

interface SiteOptions extends Partial<ServeOptions> {
  readonly peerAuth?: PeerAuth;
  readonly app?: HttpApp;
}

async function startSite(
  { peerAuth = "optional", app, ...options }: SiteOptions = {},
): Promise<Site> {
  const handlers: Handler[] = [whoami(peerAuth), {
    name: "fails",
    alpn: ["alknet/fails"],
    accept: () => Promise.reject(new TypeError("the password is swordfish")),
  }, {
    name: "hangs",
    alpn: ["alknet/hangs"],
    accept: (conn) => conn.closed.then(() => {}),
  }];
  let known = true;
  const listeners = new Set<() => void>();
  const identities = {
    ...NOBODY,
    fromToken: (token: string) => known && token === "right" ? ALICE : undefined,
    onChange: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const node = await startNode({ app }, { identities, handlers, ...options });
  const target = `${node.endpoint.nodeId}@127.0.0.1:${node.port}`;
  const client = connectH3(await dial(target, { alpn: "h3", transports: ["quic"] }));
  return {
    node,
    client,
    open: (path, headers) => client.webTransport(`${node.url}${path}`, { headers }),
    revoke: () => {
      known = false;
      for (const listener of listeners) listener();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await client[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
    },
  };
}

/** Tells on every stream who the peer is. */
function whoami(peerAuth: PeerAuth): Handler {
  return {
    name: "whoami",
    alpn: ["alknet/whoami"],
    peerAuth,
    accept: (conn, ctx) =>
      forEachStream(conn, async (stream) => {
        const name = ctx.auth.identity?.id ?? "nobody";
        await stream.write(
          new TextEncoder().encode(`${name} over ${conn.transport} for ${conn.alpn}`),
        );
        await stream.closeWrite();
      }),
  };
}

async function ask(session: WebTransportSession): Promise<string> {
  const stream = await session.openStream();
  await stream.closeWrite();
  return await new Response(stream.readable).text();
}
