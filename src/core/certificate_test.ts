import { createPublicKey, X509Certificate } from "node:crypto";
import {
  deepStrictEqual,
  match,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { issueLeaf, type Leaf, nodeServerName, signedAnchor, trustAnchor } from "./certificate.ts";
import { ListenError } from "./errors.ts";
import { formatNodeId, generateNodeKey } from "./node_id.ts";
import { missing, testOrSkip } from "../../tests/tools/skip.ts";

const KEY = await generateNodeKey();
const NAMES = ["node.example", "192.0.2.7", "2001:db8::7"];

Deno.test("a leaf says what it was issued for", async () => {
  const leaf = await issueLeaf(KEY, { names: NAMES });
  const x509 = new X509Certificate(leaf.cert);
  strictEqual(x509.issuer, "CN=alknet");
  strictEqual(x509.subject, `CN=${formatNodeId(KEY.publicKey)}`);
  strictEqual(x509.ca, false);
  const names = x509.subjectAltName ?? "";
  for (const name of [nodeServerName(KEY.publicKey), "node.example", "192.0.2.7"]) {
    ok(names.includes(name), `${name} is not in ${names}`);
  }
  strictEqual(x509.checkHost("node.example"), "node.example");
  strictEqual(x509.checkHost("other.example"), undefined);
  strictEqual(x509.checkIP("2001:db8::7"), "2001:db8::7");
});

Deno.test("a leaf is signed by the node key and by no other", async () => {
  const x509 = new X509Certificate((await issueLeaf(KEY)).cert);
  strictEqual(x509.verify(publicKeyOf(KEY.publicKey)), true);
  strictEqual(x509.verify(publicKeyOf((await generateNodeKey()).publicKey)), false);
});

Deno.test("the sha256 of a leaf is that of its DER, as browsers count it", async () => {
  const leaf = await issueLeaf(KEY);
  const der = new X509Certificate(leaf.cert).raw;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(der)));
  deepStrictEqual(leaf.sha256, digest);
});

Deno.test("a leaf begins a day early, and lives 13 days and no longer", async () => {
  const now = new Date("2026-03-01T12:00:00Z");
  const x509 = new X509Certificate((await issueLeaf(KEY, { now })).cert);
  strictEqual(new Date(x509.validFrom).toISOString(), "2026-02-28T12:00:00.000Z");
  strictEqual(new Date(x509.validTo).toISOString(), "2026-03-13T12:00:00.000Z");
  await rejects(issueLeaf(KEY, { days: 13 }), RangeError);
});

Deno.test("every leaf has a key and a serial number of its own", async () => {
  const [a, b] = await Promise.all([issueLeaf(KEY), issueLeaf(KEY)]);
  notStrictEqual(a.key, b.key);
  notStrictEqual(
    new X509Certificate(a.cert).serialNumber,
    new X509Certificate(b.cert).serialNumber,
  );
});

Deno.test("a trust anchor needs the public key only and carries it", () => {
  const x509 = new X509Certificate(trustAnchor(KEY.publicKey));
  strictEqual(x509.subject, "CN=alknet");
  strictEqual(x509.ca, true);
  const spki = x509.publicKey.export({ type: "spki", format: "der" });
  deepStrictEqual(new Uint8Array(spki).slice(-32), KEY.publicKey);
});

openssl(
  "openssl verifies a leaf against the node's anchor, its signature included",
  async (dir) => {
    const leaf = await write(dir, await issueLeaf(KEY, { names: NAMES }));
    await Deno.writeTextFile(`${dir}/ca.pem`, await signedAnchor(KEY));
    const args = ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", `${dir}/ca.pem`];
    for (const name of [nodeServerName(KEY.publicKey), "node.example"]) {
      match((await run([...args, "-verify_hostname", name, leaf])).out, /leaf\.pem: OK/);
    }
    match((await run([...args, "-verify_ip", "2001:db8::7", leaf])).out, /leaf\.pem: OK/);
    strictEqual((await run([...args, "-verify_hostname", "other.example", leaf])).ok, false);
  },
);

openssl("openssl refuses the leaf of another node that claims the same names", async (dir) => {
  // The attack: an impostor issues a leaf for the victim's server name under a key of its own.
  const impostor = await generateNodeKey();
  const leaf = await write(
    dir,
    await issueLeaf(impostor, { names: [nodeServerName(KEY.publicKey)] }),
  );
  await Deno.writeTextFile(`${dir}/ca.pem`, await signedAnchor(KEY));
  const { ok: verified } = await run(["verify", "-CAfile", `${dir}/ca.pem`, leaf]);
  strictEqual(verified, false);
});

openssl("openssl reads every extension of a leaf", async (dir) => {
  const { out } = await run([
    "x509",
    "-in",
    await write(dir, await issueLeaf(KEY)),
    "-noout",
    "-text",
  ]);
  match(out, /Version: 3/);
  match(out, /Signature Algorithm: ED25519/);
  match(out, /Basic Constraints: critical\s+CA:FALSE/);
  match(out, /Key Usage: critical\s+Digital Signature/);
  match(out, /Extended Key Usage:\s+TLS Web Server Authentication/);
  match(out, /NIST CURVE: P-256/);
});

function publicKeyOf(raw: Uint8Array): ReturnType<typeof createPublicKey> {
  const x = raw.toBase64({ alphabet: "base64url", omitPadding: true });
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

function openssl(name: string, fn: (dir: string) => Promise<void>): void {
  testOrSkip(name, missing("openssl"), async () => {
    const dir = await Deno.makeTempDir();
    try {
      await fn(dir);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

async function write(dir: string, { cert }: Leaf): Promise<string> {
  await Deno.writeTextFile(`${dir}/leaf.pem`, cert);
  return `${dir}/leaf.pem`;
}

async function run(args: string[]): Promise<{ ok: boolean; out: string }> {
  const { success, stdout, stderr } = await new Deno.Command("openssl", { args }).output();
  return { ok: success, out: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("issueLeaf() refuses names that are neither host names nor addresses", async () => {
  const key = await generateNodeKey();
  for (const name of ["", "a b", "a:b", "::g", "-a", "a..b", "a\0b", "x".repeat(64)]) {
    await rejects(issueLeaf(key, { names: [name] }), ListenError);
  }
  await rejects(issueLeaf(key, { names: ["fe80::1%eth0"] }), ListenError); // zones mean nothing there
  await issueLeaf(key, { names: ["localhost", "*.node.example", "1.2.3.4", "::1"] });
});
