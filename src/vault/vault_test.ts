import { deepStrictEqual, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { inspect } from "node:util";

import fc from "fast-check";

import {
  DecryptionError,
  DerivationPathError,
  type DerivedKey,
  devicePath,
  ed25519Signer,
  type EncryptedData,
  EncryptedDataError,
  ETHEREUM_PATH,
  IDENTITY_PATH,
  isValidMnemonic,
  KeyDisposedError,
  KeyTypeError,
  KeyVersionError,
  MAX_PLAINTEXT_BYTES,
  MnemonicError,
  PlaintextTooLargeError,
  ProviderNameError,
  SSH_HOST_PATH,
  Vault,
  VaultAlreadyUnlockedError,
  VaultLockedError,
} from "./mod.ts";
import { bytes, knownVault, PHRASE } from "./testdata/known.ts";

const IDENTITY_HEX = "603aa5c626317fda4afd87b902e5c9de76c33f40834005245e1c5a675e92d700";
const V2_BLOB: EncryptedData = JSON.parse(
  `{"key_version":2,"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","iv":"AAECAwQFBgcICQoL",` +
    `"data":"fI82YFWDMiIk7try1cc6hxndeTSOHfA5AWIFk96ebcNQs4tN"}`,
);

Deno.test("Vault derives the computed vectors of strict SLIP-0010", async () => {
  using vault = await knownVault();
  const expected: readonly [string, string, string][] = [
    [
      IDENTITY_PATH,
      IDENTITY_HEX,
      "e78c2766a792f09bfccb51493968ac322283e8d021a30063784d806929762ecc",
    ],
    [
      devicePath(1),
      "550f05587732eeb6bd0de879f77b89e3593a655733f794be9a05dad90c3a1d24",
      "733961f7573657324f22e91f06ea4f0b359e2efa0ccffc954616dadee7444daa",
    ],
    [
      SSH_HOST_PATH,
      "be2dfaff0d268c833fd9c653b9bd352cef3ec2b211db804211c9f912b63dc3ab",
      "6a9dd5c41915fba6cc22b8760263aba45b068cae7bead1d069c7b8eeb0118134",
    ],
    [
      "m/74'/2'/0'/0'",
      "fbed5fa9110df4214baa259a4cd6bd3902373231472d317b8f3686b1d63df17a",
      "ff21be953a985d97cc432aa39889eea7c90f38fab329298636f70e7ab9ee555d",
    ],
  ];
  for (const [path, privateKey, publicKey] of expected) {
    deepStrictEqual(hexOf(vault.deriveEd25519(path)), [privateKey, publicKey]);
  }
  deepStrictEqual(hexOf(vault.deriveEncryptionKey(3)), [
    "3ddaf7a4485d755c959c883347420fdc9fa2a64fb1edae8a5f312e82c210f0f0",
    "",
  ]);
  deepStrictEqual(hexOf(vault.deriveEthereumKey()), [
    "1ab42cc412b618bdea3a599e3c9bae199ebf030895b039e9db1e30dafb12b727",
    "0237b0bb7a8288d38ed49a524b5dc98cff3eb5ca824c9f9dc0dfdb3d9cd600f299",
  ]);
});

Deno.test("Vault.unlock() with a BIP-39 passphrase gives another identity", async () => {
  using vault = new Vault();
  await vault.unlock(bytes(PHRASE), bytes("TREZOR"));
  deepStrictEqual(hexOf(vault.deriveEd25519(IDENTITY_PATH)), [
    "ea060192febfe86e881bb4bbcb85512611ea9e74338c5ec6b3e2bc1d54e17b5a",
    "51d5edf75f95a8457f4877803cf7bf72fdafe60b5da3190f91a3d9e5f9c7d96a",
  ]);
});

Deno.test("A locked vault refuses every operation and works after unlocking", async () => {
  using vault = new Vault();
  strictEqual(vault.isUnlocked, false);
  throws(() => vault.deriveEd25519(IDENTITY_PATH), VaultLockedError);
  throws(() => vault.deriveSecp256k1("m"), VaultLockedError);
  throws(() => vault.deriveP256("m"), VaultLockedError);
  throws(() => vault.deriveEthereumKey(), VaultLockedError);
  throws(() => vault.deriveEncryptionKey(2), VaultLockedError);
  await rejects(vault.encrypt(bytes("x"), { provider: "p" }), VaultLockedError);
  await rejects(vault.decrypt(V2_BLOB, { provider: "p" }), VaultLockedError);
  await rejects(vault.rotate(V2_BLOB, { provider: "p", toVersion: 3 }), VaultLockedError);
  await vault.unlock(bytes(PHRASE));
  strictEqual(hexOf(vault.deriveEd25519(IDENTITY_PATH))[0], IDENTITY_HEX);
});

Deno.test("Vault.unlock() fails while unlocked or unlocking, and a bad phrase changes nothing", async () => {
  using vault = new Vault();
  await rejects(vault.unlock(bytes("no phrase")), MnemonicError);
  const first = vault.unlock(bytes(PHRASE));
  await rejects(vault.unlock(bytes(PHRASE)), VaultAlreadyUnlockedError);
  await first;
  await rejects(vault.unlockNew(), VaultAlreadyUnlockedError);
  strictEqual(vault.isUnlocked, true);
});

Deno.test("Vault.lock() during unlock() wins, and an unlock begun after it is not disturbed", async () => {
  using vault = new Vault();
  const overtaken = vault.unlock(bytes(PHRASE), bytes("old"));
  vault.lock();
  const second = vault.unlock(bytes(PHRASE));
  await rejects(overtaken, VaultLockedError);
  await second;
  strictEqual(hexOf(vault.deriveEd25519(IDENTITY_PATH))[0], IDENTITY_HEX);
  vault.lock();
  vault.lock();
  strictEqual(vault.isUnlocked, false);
});

Deno.test("Vault.unlockNew() returns the phrase that unlocks the same keys", async () => {
  using made = new Vault();
  const phrase = await made.unlockNew(24);
  ok(isValidMnemonic(phrase));
  using again = new Vault();
  await again.unlock(phrase);
  deepStrictEqual(hexOf(again.deriveP256("m/1'")), hexOf(made.deriveP256("m/1'")));
});

// The reference keys its cache by path alone: whoever asks second gets the first one's key type.
Deno.test("The cache keeps keys of one path apart by their type", async () => {
  using vault = await knownVault();
  const path = "m/74'/2'/0'/1'";
  for (let round = 0; round < 2; round++) {
    strictEqual(vault.deriveEd25519(path).keyType, "ed25519");
    strictEqual(vault.deriveSecp256k1(path).publicKey.length, 33);
    strictEqual(vault.deriveP256(path).keyType, "p256");
    strictEqual(vault.deriveEncryptionKey(3).publicKey.length, 0);
  }
});

Deno.test("A caller who wipes or changes a key does not spoil the cached one", async () => {
  using vault = await knownVault();
  const key = vault.deriveEd25519(IDENTITY_PATH);
  key.publicKey.fill(0);
  key[Symbol.dispose]();
  throws(() => key.privateKey, KeyDisposedError);
  strictEqual(hexOf(vault.deriveEd25519(IDENTITY_PATH))[0], IDENTITY_HEX);
});

Deno.test("Derived keys show no secret to JSON, String, console.log and structuredClone", async () => {
  using vault = await knownVault();
  using key = vault.deriveEd25519(IDENTITY_PATH);
  const shown = [JSON.stringify({ key }), `${key}`, inspect(key), Deno.inspect({ key })];
  shown.push(JSON.stringify(structuredClone({ ...key })), Deno.inspect(vault), inspect(vault));
  for (const text of shown) {
    ok(!text.includes(IDENTITY_HEX) && !text.includes("96, 58, 165"), text);
  }
  ok(shown[0]?.includes("[REDACTED]") && shown[3]?.includes("[REDACTED]"));
});

Deno.test("Vault decrypts the computed blob of version 2, whatever the provider", async () => {
  using vault = await knownVault();
  for (const provider of ["openai", "other"]) {
    deepStrictEqual(await vault.decrypt(V2_BLOB, { provider }), bytes("sk-proj-abc123xyz789"));
  }
  await rejects(vault.decrypt(V2_BLOB, { provider: "p", minKeyVersion: 3 }), KeyVersionError);
});

Deno.test("Vault.rotate() moves a blob to version 3 and leaves the old one readable", async () => {
  using vault = await knownVault();
  const blob = await vault.rotate(V2_BLOB, { provider: "openai", toVersion: 3 });
  strictEqual(blob.key_version, 3);
  for (const each of [blob, V2_BLOB]) {
    deepStrictEqual(
      await vault.decrypt(each, { provider: "openai" }),
      bytes("sk-proj-abc123xyz789"),
    );
  }
  await rejects(vault.rotate(blob, { provider: "openai", toVersion: 1 }), KeyVersionError);
});

Deno.test("Vault.decrypt() inverts encrypt() for every provider, plaintext and version", async () => {
  using vault = await knownVault();
  const input = fc.tuple(
    fc.uint8Array({ maxLength: 500 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.constantFrom(2, 3, 4, 1000),
  );
  await fc.assert(fc.asyncProperty(input, async ([plaintext, provider, keyVersion]) => {
    const blob = JSON.parse(
      JSON.stringify(await vault.encrypt(plaintext, { provider, keyVersion })),
    );
    strictEqual(blob.key_version, keyVersion);
    deepStrictEqual(await vault.decrypt(blob, { provider }), new Uint8Array(plaintext));
  }));
});

// In version 2 whoever writes to the store can put one provider's token where another's belongs.
Deno.test("A blob of version 3 opens under its own provider only", async () => {
  using vault = await knownVault();
  const blob = await vault.encrypt(bytes("token"), { provider: "github" });
  for (const provider of ["gitlab", "github ", "Github", "github\0"]) {
    await rejects(vault.decrypt(blob, { provider }), DecryptionError);
  }
});

Deno.test("Every changed bit and every other version of a version 3 blob is found", async () => {
  using vault = await knownVault();
  const blob = await vault.encrypt(bytes("token"), { provider: "github" });
  for (const version of [2, 4, 5]) {
    const changed = { ...blob, "key_version": version };
    await rejects(vault.decrypt(changed, { provider: "github" }), DecryptionError);
  }
  for (const field of ["salt", "iv", "data"] as const) {
    const raw = Uint8Array.fromBase64(blob[field]);
    for (let bit = 0; bit < raw.length * 8; bit += 3) {
      const flipped = raw.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ 1 << bit % 8;
      const changed = { ...blob, [field]: flipped.toBase64() };
      await rejects(vault.decrypt(changed, { provider: "github" }), DecryptionError);
    }
  }
});

Deno.test("Two encryptions of one text share neither nonce, salt nor data", async () => {
  using vault = await knownVault();
  const [a, b] = [
    await vault.encrypt(bytes("x"), { provider: "p" }),
    await vault.encrypt(bytes("x"), { provider: "p" }),
  ];
  ok(a.iv !== b.iv && a.salt !== b.salt && a.data !== b.data);
});

Deno.test("Another seed, a wrong provider name and too much text are refused", async () => {
  using vault = await knownVault();
  using other = new Vault();
  (await other.unlockNew()).fill(0);
  await rejects(other.decrypt(V2_BLOB, { provider: "p" }), DecryptionError);
  for (const provider of ["", "x".repeat(256), "é".repeat(128), "\ud800"]) {
    await rejects(vault.encrypt(bytes("x"), { provider }), ProviderNameError);
  }
  await rejects(vault.encrypt(bytes("x"), { provider: "p", keyVersion: 1 }), KeyVersionError);
  const large = new Uint8Array(MAX_PLAINTEXT_BYTES + 1);
  await rejects(vault.encrypt(large, { provider: "p" }), PlaintextTooLargeError);
});

Deno.test("A failing call leaves the vault as it was, whichever fails", async () => {
  using vault = await knownVault();
  const failing: readonly [() => unknown, new () => Error][] = [
    [() => vault.deriveEd25519("m/0"), DerivationPathError],
    [() => vault.deriveSecp256k1("m/x"), DerivationPathError],
    [() => vault.deriveEncryptionKey(0), KeyVersionError],
    [() => vault.decrypt({ ...V2_BLOB, iv: "" }, { provider: "p" }), EncryptedDataError],
    [() => vault.decrypt({ ...V2_BLOB, "key_version": 9 }, { provider: "p" }), DecryptionError],
    [() => vault.encrypt(bytes("x"), { provider: "" }), ProviderNameError],
  ];
  for (const [call, errorClass] of failing) {
    await rejects(async () => await call(), errorClass);
    strictEqual(hexOf(vault.deriveEd25519(IDENTITY_PATH))[0], IDENTITY_HEX);
    await vault.decrypt(V2_BLOB, { provider: "p" });
  }
});

Deno.test("ed25519Signer() signs what WebCrypto verifies, and takes no other key", async () => {
  using vault = await knownVault();
  using key = vault.deriveEd25519(IDENTITY_PATH);
  const signer = await ed25519Signer(key);
  key[Symbol.dispose]();
  deepStrictEqual(signer.publicKey, key.publicKey);
  const message = bytes("message");
  const verifying = await crypto.subtle.importKey("raw", signer.publicKey, "Ed25519", true, [
    "verify",
  ]);
  ok(await crypto.subtle.verify("Ed25519", verifying, await signer.sign(message), message));
  await rejects(ed25519Signer(key), KeyDisposedError);
  await rejects(ed25519Signer(vault.deriveEthereumKey(ETHEREUM_PATH)), KeyTypeError);
});

function hexOf({ privateKey, publicKey }: DerivedKey): [string, string] {
  return [privateKey.toHex(), publicKey.toHex()];
}
