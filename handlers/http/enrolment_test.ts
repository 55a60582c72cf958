import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  type Applicant,
  EnrolmentError,
  formatNodeId,
  generateNodeKey,
  keyFingerprint,
  type NodeKey,
} from "@alknet/core";
import fc from "fast-check";
import type { Decoy } from "./decoy/decoy.ts";
import { nginxDecoy } from "./decoy/nginx_decoy.ts";
import { enrolmentApp, enrolmentMessage } from "./enrolment.ts";

const NODE = "y".repeat(52);
const SECRET = new Uint8Array(20).fill(7);

function setUp(
  more: { decoy?: Decoy } = {},
): { post(body: unknown): Promise<Response>; applicants: Applicant[] } {
  const applicants: Applicant[] = [];
  const app = enrolmentApp({
    nodeId: NODE,
    ...more,
    enrolment: {
      redeem(secret, applicant) {
        if (secret[0] !== 7) return Promise.reject(new EnrolmentError("unknown"));
        if (applicant.name === "taken") return Promise.reject(new EnrolmentError("name-taken"));
        applicants.push(applicant);
        return Promise.resolve({ peerId: applicant.name ?? "worker", scopes: ["call:ops"] });
      },
    },
  });
  const post = (body: unknown): Promise<Response> =>
    Promise.resolve(app.request("/enrol", {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    }));
  return { post, applicants };
}

async function requestBy(
  key: NodeKey,
  more: { node?: string; secret?: Uint8Array; name?: string } = {},
): Promise<Record<string, unknown>> {
  const { node = NODE, secret = SECRET, name } = more;
  const signature = await key.sign(enrolmentMessage(node, secret));
  return {
    nodeId: formatNodeId(key.publicKey),
    secret: secret.toBase64(),
    signature: signature.toBase64(),
    name,
    addresses: ["worker.example:4433"],
  };
}

Deno.test("a worker with an invitation enrols by POST", async () => {
  const { post, applicants } = setUp();
  const key = await generateNodeKey();
  const response = await post(await requestBy(key, { name: "worker-1" }));
  strictEqual(response.status, 201);
  deepStrictEqual(await response.json(), { peerId: "worker-1", scopes: ["call:ops"] });
  strictEqual(applicants[0]?.fingerprint, keyFingerprint(key.publicKey));
});

Deno.test("an unknown secret and a taken name are told apart by status", async () => {
  const { post } = setUp();
  const key = await generateNodeKey();
  const unknown = await post(await requestBy(key, { secret: new Uint8Array(20) }));
  strictEqual(unknown.status, 403);
  strictEqual((await unknown.json()).error, "unknown");
  strictEqual((await post(await requestBy(key, { name: "taken" }))).status, 409);
});

// Attack: whoever sees an invitation enrols a key that is not theirs, so that its real owner cannot
// join any more, or relays a worker's request to another node that the same owner runs.
Deno.test("a key that did not sign, and a signature for another node, enrol nobody", async () => {
  const { post, applicants } = setUp();
  const [victim, thief] = [await generateNodeKey(), await generateNodeKey()];
  const stolen = { ...await requestBy(thief), nodeId: formatNodeId(victim.publicKey) };
  strictEqual((await post(stolen)).status, 400);
  strictEqual((await post(await requestBy(thief, { node: "b".repeat(51) + "y" }))).status, 400);
  strictEqual(applicants.length, 0);
});

Deno.test("whatever is posted, the answer is 400 or 413 and nobody is enrolled", async () => {
  const { post, applicants } = setUp();
  const good = await requestBy(await generateNodeKey());
  const key = fc.constantFrom(...Object.keys(good));
  await fc.assert(fc.asyncProperty(key, fc.jsonValue(), async (name, value) => {
    const changed = { ...good, [name]: value };
    if (name === "name" && (typeof value === "string")) return;
    if (name === "addresses" && Array.isArray(value) && value.length === 0) return;
    strictEqual((await post(changed)).status, 400);
  }));
  for (const body of ["", "null", "[]", "{", "\0"]) strictEqual((await post(body)).status, 400);
  strictEqual((await post("x".repeat(100_000))).status, 413);
  strictEqual(applicants.length, 0);
});

// Attack: somebody who scans for nodes posts what a worker would, without an invitation. The node's
// id is in its certificate, so all but the secret can be right.
Deno.test("with a decoy, a probe without an invitation does not learn of enrolment", async () => {
  const { post } = setUp({ decoy: nginxDecoy() });
  const key = await generateNodeKey();
  const probe = new Request("https://node.example/enrol", { method: "POST" });
  const decoy = await nginxDecoy()(probe);
  const shown = { headers: [...decoy.headers], text: await decoy.text() };
  const bodies = [
    "",
    "{}",
    "x".repeat(100_000),
    await requestBy(key, { node: "b".repeat(51) + "y" }),
    await requestBy(key, { secret: new Uint8Array(20) }),
  ];
  for (const body of bodies) {
    const response = await post(body);
    strictEqual(response.status, 404);
    deepStrictEqual({ headers: [...response.headers], text: await response.text() }, shown);
  }
  strictEqual((await post(await requestBy(key, { name: "taken" }))).status, 409);
  strictEqual((await post(await requestBy(key))).status, 201);
});
