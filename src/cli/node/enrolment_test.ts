import { EnrolmentError, formatNodeId, generateNodeKey, keyFingerprint } from "@alknet/core";
import { rejects, strictEqual } from "node:assert/strict";

import { storeEnrolment } from "./enrolment.ts";
import { operatedNode } from "./testdata/operated_node.ts";

// Who joins says what it is called. Ownership goes by that name, and so do entries of the file.
Deno.test("an invitation lets nobody take a name that owns something or stands in the file", async () => {
  await using node = await operatedNode();
  const alice = {
    peerId: "alice",
    fingerprints: [],
    sshKeys: [],
    scopes: [],
    resources: {},
    enabled: true,
  };
  const enrolment = storeEnrolment(node.store, { entries: { peers: [alice], tokens: [] } });
  await node.store.ownership.record("gone", "container", "7");
  const { secret } = await node.store.invites.create();
  const key = (await generateNodeKey()).publicKey;
  const applicant = { nodeId: formatNodeId(key), fingerprint: keyFingerprint(key) };
  const join = (name: string) =>
    enrolment.redeem(Uint8Array.fromHex(secret), { ...applicant, name });
  for (const name of ["alice", "gone"]) {
    await rejects(join(name), (error) => error instanceof EnrolmentError);
  }
  strictEqual((await join("bob")).peerId, "bob");
});
