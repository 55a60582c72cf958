import { dial } from "@alknet/client";
import { forEachStream, type Handler, type Identity, NOBODY, type PeerAuth } from "@alknet/core";
import { connectH3, type H3Client, type WebTransportSession } from "@alknet/h3";
import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";

import { SessionTickets, TICKET_MS } from "./session_tickets.ts";
import { startNode, type TestNode } from "./testdata/node.ts";

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

async function startSite(peerAuth: PeerAuth = "optional"): Promise<Site> {
  const handlers: Handler[] = [whoami(peerAuth), {
    name: "fails",
    alpn: ["alknet/fails"],
    accept: () => Promise.reject(new TypeError("the password is swordfish")),
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
  const carry = (alpn: string) => handlers.find((handler) => handler.alpn.includes(alpn));
  const node = await startNode({ carry }, { identities });
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
