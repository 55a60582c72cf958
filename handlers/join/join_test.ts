import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { dial } from "@alknet/client";
import {
  type Applicant,
  type Enrolment,
  EnrolmentError,
  formatNodeId,
  generateNodeKey,
  serve,
} from "@alknet/core";
import { ALPN, join, joinOver } from "./mod.ts";

/** One invitation, good once. */
class OneInvitation implements Enrolment {
  readonly applicants: Applicant[] = [];

  redeem(secret: Uint8Array, applicant: Applicant): Promise<{ peerId: string; scopes: string[] }> {
    if (secret[0] !== 7) return Promise.reject(new EnrolmentError("unknown"));
    if (this.applicants.length > 0) return Promise.reject(new EnrolmentError("used"));
    this.applicants.push(applicant);
    return Promise.resolve({ peerId: applicant.name ?? "invited", scopes: ["git:read"] });
  }
}

const SECRET = new Uint8Array(16).fill(7);

for (const transport of ["quic", "tls"] as const) {
  Deno.test(`a node with an invitation becomes a peer over ${transport}, once`, async () => {
    const enrolment = new OneInvitation();
    await using node = await serve({ hostname: "127.0.0.1", handlers: [join({ enrolment })] });
    const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
    const identity = await generateNodeKey();
    const options = { alpn: ALPN, identity, transports: [transport] };
    {
      await using conn = await dial(target, options);
      const asked = { secret: SECRET.slice(), name: "laptop", addresses: ["laptop.example:4433"] };
      deepStrictEqual(await joinOver(conn, asked), { peerId: "laptop", scopes: ["git:read"] });
    }
    strictEqual(enrolment.applicants[0]?.nodeId, formatNodeId(identity.publicKey));
    await using again = await dial(target, options);
    await rejects(
      joinOver(again, { secret: SECRET.slice() }),
      (error) => error instanceof EnrolmentError && error.fault === "used",
    );
    await using guess = await dial(target, options);
    await rejects(joinOver(guess, { secret: new Uint8Array(16) }), /does not know this invitation/);
  });

  Deno.test(`somebody without a key learns nothing over ${transport}`, async () => {
    const enrolment = new OneInvitation();
    await using node = await serve({ hostname: "127.0.0.1", handlers: [join({ enrolment })] });
    await using conn = await dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, {
      alpn: ALPN,
      identity: "anonymous",
      transports: [transport],
    });
    await rejects(joinOver(conn, { secret: SECRET.slice() }));
    strictEqual(enrolment.applicants.length, 0);
    strictEqual(node.counters.handlerFailed, 1);
  });
}

Deno.test("a peer that says nothing is let go", async () => {
  const enrolment = new OneInvitation();
  const handler = join({ enrolment, timeoutMs: 50 });
  await using node = await serve({ hostname: "127.0.0.1", handlers: [handler] });
  const conn = await dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, {
    alpn: ALPN,
    identity: await generateNodeKey(),
  });
  await conn.closed;
});
