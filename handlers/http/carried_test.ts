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

import { SessionTickets, TICKET_MS } from "./session_tickets.ts";
import { startNode, type TestNode, until } from "./testdata/node.ts";

const ALICE: Identity = { id: "alice", scopes: [], resources: {} };
const RIGHT = { authorization: "Bearer right" };
const WRONG = { authorization: "Bearer wrong" };

Deno.test("a session for /alknet/<name> is a connection of that name's handler", async () => {
  await using site = await startSite();
  const session = await site.open("/alknet/whoami", RIGHT);
  strictEqual(await ask(session), "alice over webtransport for alknet/whoami");
});

Deno.test("a known peer is asked for only where the handler wants one", async () => {
  await using site = await startSite("none");
  strictEqual(
    await ask(await site.open("/alknet/whoami")),
    "nobody over webtransport for alknet/whoami",
  );
  await using strict = await startSite("required");
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
  await using site = await startSite("optional", { onEvent: (event) => events.push(event) });
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
  await using site = await startSite("optional", {
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
  await using site = await startSite("optional", { limits: { maxConnections: 2 } });
  await ask(await site.open("/alknet/whoami", RIGHT));
  await rejects(site.open("/alknet/whoami", RIGHT), /answered with 429/);
  strictEqual(site.node.endpoint.counters.refusedTotal, 1);
  strictEqual(site.node.endpoint.counters.active, 2);
});

Deno.test("a session whose handler hangs is closed with code 5 once the drain time is over", async () => {
  await using site = await startSite("optional", { limits: { drainTimeoutMs: 20 } });
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

Deno.test("tickets are good once, for half a minute, and a thousand at a time", () => {
  let now = 0;
  const tickets = new SessionTickets(() => now);
  const first = tickets.issue("a");
  strictEqual(tickets.redeem(first), "a");
  strictEqual(tickets.redeem(first), undefined);
  const late = tickets.issue("b");
  now = TICKET_MS;
  strictEqual(tickets.redeem(late), undefined);
  const oldest = tickets.issue("c");
  for (let n = 0; n < 1_000; n++) tickets.issue("d");
  strictEqual(tickets.redeem(oldest), undefined);
});

interface Site extends AsyncDisposable {
  readonly node: TestNode;
  readonly client: H3Client;
  open(path: string, headers?: HeadersInit): Promise<WebTransportSession>;
  /** Makes the token worthless. */
  revoke(): void;
}

async function startSite(
  peerAuth: PeerAuth = "optional",
  options: Partial<ServeOptions> = {},
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
  const node = await startNode({}, { identities, handlers, ...options });
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
