/**
 * Tells a peer how far away a node is and who the peer is there; what `alknet ping` talks to.
 *
 * Both ends live here: {@linkcode ping} is the handler, {@linkcode pingOver} its client. The wire
 * format is docs/protocol/ping.md.
 *
 * ```ts
 * import { dial } from "@alknet/client";
 * import { ConfigIdentities, generateNodeKey, keyFingerprint, serve } from "@alknet/core";
 * import { ALPN, ping, pingOver } from "@alknet/ping";
 * import { strictEqual } from "node:assert/strict";
 *
 * const me = await generateNodeKey();
 * const owner = keyFingerprint(me.publicKey);
 * const identities = new ConfigIdentities({ peers: [], tokens: [], owner });
 *
 * await using node = await serve({ hostname: "127.0.0.1", handlers: [ping()], identities });
 * const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
 * await using conn = await dial(target, { alpn: ALPN, identity: me });
 * for await (const { seq, rttMs, whoami } of pingOver(conn, { count: 3, intervalMs: 10 })) {
 *   strictEqual(whoami.id, "owner");
 *   strictEqual(seq < 3 && rttMs > 0, true);
 * }
 * ```
 *
 * @module
 */
export * from "./ping.ts";
export * from "./ping_over.ts";
export type { Whoami } from "./ping_wire.ts";
