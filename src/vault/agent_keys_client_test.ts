import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { agentKeys } from "./agent_keys_client.ts";
import { AgentProtocolError, AgentRefusedError, AgentUnavailableError } from "./agent_errors.ts";
import { encodeFrame, encodeResponse } from "./agent_codec.ts";

const key = Uint8Array.from([0, 0, 0, 3, 97, 98, 99]);
const signature = Uint8Array.from([1, 2, 3]);

/** An agent that gives the same answers to everybody, one after the other. */
async function withAgent(
  answers: readonly Uint8Array[],
  use: (path: string, asked: Uint8Array[]) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "agent.sock");
  const listener = Deno.listen({ transport: "unix", path });
  const asked: Uint8Array[] = [];
  const serving = (async () => {
    for (const answer of answers) {
      using conn = await listener.accept();
      const buffer = new Uint8Array(4_096);
      asked.push(buffer.slice(4, await conn.read(buffer) ?? 0));
      await conn.write(encodeFrame(answer));
      while (await conn.read(buffer) !== null);
    }
  })();
  try {
    await use(path, asked);
    await serving;
  } finally {
    listener.close();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("agentKeys lists keys and has messages signed, RSA with SHA-512", async () => {
  const identities = encodeResponse({ type: "identities", identities: [{ key, comment: "mine" }] });
  const signed = encodeResponse({ type: "signature", signature });
  await withAgent([identities, signed], async (path, asked) => {
    const [first] = await agentKeys(path);
    deepStrictEqual([first?.blob, first?.comment], [key, "mine"]);
    deepStrictEqual(await first?.sign(new Uint8Array([9])), signature);
    strictEqual(asked[1]?.at(-1), 4); // SSH_AGENT_RSA_SHA2_512
  });
});

Deno.test("agentKeys tells an agent that refuses from one that is not there", async () => {
  const failure = encodeResponse({ type: "failure" });
  await withAgent([failure], async (path) => {
    await rejects(agentKeys(path), AgentRefusedError);
  });
  const identities = encodeResponse({ type: "identities", identities: [{ key, comment: "" }] });
  await withAgent([identities, failure], async (path) => {
    const [first] = await agentKeys(path);
    ok(first);
    await rejects(first.sign(new Uint8Array([9])), AgentRefusedError);
  });
  await withAgent([new Uint8Array([200, 1])], async (path) => {
    await rejects(agentKeys(path), AgentProtocolError);
  });
  await rejects(agentKeys("/nowhere/agent.sock"), AgentUnavailableError);
});
