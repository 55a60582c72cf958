/**
 * Makes peers of nodes that show an invitation; what `alknet join` talks to.
 *
 * Both ends live here: {@linkcode join} is the handler, {@linkcode joinOver} its client. The wire
 * format is docs/protocol/join.md.
 *
 * ```ts
 * import { dial } from "@alknet/client";
 * import { generateNodeKey, serve } from "@alknet/core";
 * import { ALPN, join, joinOver } from "@alknet/join";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const enrolment = {
 *   redeem: () => Promise.resolve({ peerId: "laptop", scopes: ["git:read"] }),
 * };
 * await using node = await serve({ hostname: "127.0.0.1", handlers: [join({ enrolment })] });
 * await using conn = await dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, {
 *   alpn: ALPN,
 *   identity: await generateNodeKey(),
 * });
 * const enrolled = await joinOver(conn, { secret: new Uint8Array(16) });
 * deepStrictEqual(enrolled, { peerId: "laptop", scopes: ["git:read"] });
 * ```
 *
 * @module
 */
export * from "./join.ts";
export * from "./join_over.ts";
