import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import fc from "fast-check";

import { type AgentRequest, decodeResponse, encodeRequest } from "./agent_codec.ts";
import { sshPublicKey, vaultAgentKeys } from "./agent_keys.ts";
import { AgentLock } from "./agent_lock.ts";
import { AgentSession } from "./agent_session.ts";
import { signableForm } from "./agent_signable.ts";
import { concat, uint32 } from "./bytes.ts";
import { IDENTITY_PATH, SSH_HOST_PATH, type Vault } from "./mod.ts";
import { sshString } from "./ssh_wire.ts";
import { bytes, knownVault } from "./testdata/known.ts";

const DATA_KEY = new Uint8Array(32).fill(7);
const NONE = new Uint8Array();
const DATA_KEY_REQUEST = { type: "extension", name: "data-key@alknet", contents: NONE } as const;
const SSHSIG = concat(
  bytes("SSHSIG"),
  sshString("git"),
  sshString(""),
  sshString("sha512"),
  sshString(new Uint8Array(64)),
);

Deno.test("The agent lists the identity and the SSH host key", async () => {
  using vault = await knownVault();
  const keys = [IDENTITY_PATH, SSH_HOST_PATH].map((path) =>
    sshPublicKey(vault.deriveEd25519(path).publicKey)
  );
  deepStrictEqual(await ask(sessionOf(vault), { type: "identities" }), {
    type: "identities",
    identities: [
      { key: keys[0], comment: "alknet-identity" },
      { key: keys[1], comment: "alknet-ssh-host" },
    ],
  });
});

Deno.test("The agent signs user authentication and SSHSIG with each of its keys", async () => {
  using vault = await knownVault();
  for (const path of [IDENTITY_PATH, SSH_HOST_PATH]) {
    const publicKey = vault.deriveEd25519(path).publicKey;
    const key = sshPublicKey(publicKey);
    const verifying = await crypto.subtle.importKey("raw", publicKey, "Ed25519", true, ["verify"]);
    for (const data of [userauth(key), hostbound(key), SSHSIG]) {
      const answer = await ask(sessionOf(vault), { type: "sign", key, data, flags: 0 });
      ok(answer.type === "signature");
      const signature = answer.signature.slice(-64);
      deepStrictEqual(answer.signature, concat(sshString("ssh-ed25519"), sshString(signature)));
      ok(await crypto.subtle.verify("Ed25519", verifying, signature, data));
    }
  }
});

// An agent that signs anything lets whoever reaches the socket be the node: the identity key also
// signs certificates and peer proofs.
Deno.test("The agent signs no certificate, no handshake, no peer proof and no raw hash", async () => {
  using vault = await knownVault();
  const key = sshPublicKey(vault.deriveEd25519(IDENTITY_PATH).publicKey);
  const other = sshPublicKey(new Uint8Array(32));
  const refused: readonly Uint8Array[] = [
    NONE,
    new Uint8Array(32), // an SSH exchange hash, which a host key signs
    new Uint8Array(64),
    Uint8Array.fromHex("3082010a a0030201 02".replaceAll(" ", "")), // a certificate to be signed
    concat(bytes(" ".repeat(64) + "TLS 1.3, server CertificateVerify\0"), new Uint8Array(32)),
    concat(bytes("alknet-auth/1 client proof\0"), new Uint8Array(96)),
    userauth(other),
    concat(userauth(key), [0]),
    userauth(key, { sessionId: new Uint8Array(19) }),
    userauth(key, { sessionId: new Uint8Array(65) }),
    userauth(key, { message: 51 }),
    userauth(key, { service: "ssh-userauth" }),
    userauth(key, { method: "hostbased" }),
    userauth(key, { algorithm: "rsa-sha2-256" }),
    userauth(key, { hasSignature: 0 }),
    bytes("SSHSIG"),
    concat(SSHSIG, [0]),
    concat(bytes("SSHSIG"), sshString(""), sshString(""), sshString("sha256"), sshString(DATA_KEY)),
    concat(bytes("SSHSIG"), sshString("n"), sshString(""), sshString("md5"), sshString(DATA_KEY)),
    concat(
      bytes("SSHSIG"),
      sshString("n"),
      sshString(""),
      sshString("sha512"),
      sshString(DATA_KEY),
    ),
  ];
  const session = sessionOf(vault);
  for (const [index, data] of refused.entries()) {
    const answer = await ask(session, { type: "sign", key, data: new Uint8Array(data), flags: 0 });
    deepStrictEqual(answer, { type: "failure" }, `case ${index}`);
  }
  const foreign = await ask(session, { type: "sign", key: other, data: userauth(other), flags: 0 });
  deepStrictEqual(foreign, { type: "failure" });
});

Deno.test("No truncation of a signable form is signable, nor is garbage", () => {
  const key = sshPublicKey(new Uint8Array(32));
  for (const data of [userauth(key), hostbound(key), SSHSIG]) {
    ok(signableForm(data, key));
    for (let length = 0; length < data.length; length++) {
      strictEqual(signableForm(data.subarray(0, length), key), undefined);
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
    strictEqual(signableForm(data, key), undefined);
    strictEqual(signableForm(concat(bytes("SSHSIG"), data), key), undefined);
  }));
});

Deno.test("A session answers garbage and unknown messages with a failure", async () => {
  using vault = await knownVault();
  const session = sessionOf(vault);
  for (const code of [0, 1, 5, 17, 18, 19, 20, 25, 28, 255]) {
    deepStrictEqual(await ask(session, { type: "unsupported", code }), { type: "failure" });
  }
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (message) => {
    decodeResponse(await session.handle(message));
  }));
});

Deno.test("A locked agent lists nothing and does nothing until the passphrase comes", async () => {
  using vault = await knownVault();
  let now = 0;
  const lock = new AgentLock(() => now);
  const session = new AgentSession(vaultAgentKeys(vault, DATA_KEY), lock);
  const other = new AgentSession(vaultAgentKeys(vault, DATA_KEY), lock);
  const key = sshPublicKey(vault.deriveEd25519(IDENTITY_PATH).publicKey);
  for (const passphrase of [bytes("secret"), NONE]) {
    deepStrictEqual(await ask(session, { type: "lock", passphrase }), { type: "success" });
    deepStrictEqual(await ask(other, { type: "lock", passphrase }), { type: "failure" });
    deepStrictEqual(await ask(other, { type: "identities" }), {
      type: "identities",
      identities: [],
    });
    deepStrictEqual(await ask(other, DATA_KEY_REQUEST), { type: "failure" });
    const sign = { type: "sign", key, data: userauth(key), flags: 0 } as const;
    deepStrictEqual(await ask(other, sign), { type: "failure" });
    now += 20_000;
    deepStrictEqual(await ask(other, { type: "unlock", passphrase: bytes("x") }), {
      type: "failure",
    });
    // Right, but too soon after a wrong one: guessing is slow.
    deepStrictEqual(await ask(other, { type: "unlock", passphrase }), { type: "failure" });
    now += 100;
    deepStrictEqual(await ask(other, { type: "unlock", passphrase }), { type: "success" });
    deepStrictEqual(await ask(other, { type: "unlock", passphrase }), { type: "failure" });
    strictEqual((await ask(session, DATA_KEY_REQUEST)).type, "extension");
  }
});

Deno.test("Locking the vault empties the agent", async () => {
  using vault = await knownVault();
  const session = sessionOf(vault);
  const key = sshPublicKey(vault.deriveEd25519(IDENTITY_PATH).publicKey);
  vault.lock();
  deepStrictEqual(await ask(session, { type: "identities" }), {
    type: "identities",
    identities: [],
  });
  deepStrictEqual(await ask(session, DATA_KEY_REQUEST), { type: "extension-failure" });
  const sign = { type: "sign", key, data: userauth(key), flags: 0 } as const;
  deepStrictEqual(await ask(session, sign), { type: "failure" });
});

// With `ssh -A` the server's root speaks to the agent. OpenSSH since 8.9 says so first; whoever does
// gets signatures, as agent forwarding means, but never the data key.
Deno.test("A connection that ssh has bound gets no data key", async () => {
  using vault = await knownVault();
  const session = sessionOf(vault);
  const bind = { type: "extension", name: "session-bind@openssh.com", contents: NONE } as const;
  deepStrictEqual(await ask(session, bind), { type: "failure" });
  deepStrictEqual(await ask(session, DATA_KEY_REQUEST), { type: "extension-failure" });
  strictEqual((await ask(session, { type: "identities" })).type, "identities");
  strictEqual((await ask(sessionOf(vault), DATA_KEY_REQUEST)).type, "extension");
});

function sessionOf(vault: Vault): AgentSession {
  return new AgentSession(vaultAgentKeys(vault, DATA_KEY), new AgentLock());
}

async function ask(session: AgentSession, request: AgentRequest) {
  return decodeResponse(await session.handle(encodeRequest(request)));
}

interface UserauthParts {
  readonly sessionId?: Uint8Array;
  readonly message?: number;
  readonly service?: string;
  readonly method?: string;
  readonly hasSignature?: number;
  readonly algorithm?: string;
}

function userauth(key: Uint8Array, parts: UserauthParts = {}): Uint8Array<ArrayBuffer> {
  return concat(
    sshString(parts.sessionId ?? new Uint8Array(32)),
    [parts.message ?? 50],
    sshString("git"),
    sshString(parts.service ?? "ssh-connection"),
    sshString(parts.method ?? "publickey"),
    [parts.hasSignature ?? 1],
    sshString(parts.algorithm ?? "ssh-ed25519"),
    sshString(key),
  );
}

function hostbound(key: Uint8Array): Uint8Array<ArrayBuffer> {
  const method = "publickey-hostbound-v00@openssh.com";
  return concat(userauth(key, { method }), uint32(key.length), key);
}
