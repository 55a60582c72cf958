import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import {
  changePassphrase,
  createVaultFile,
  describeVaultFile,
  KeyDisposedError,
  KeyFileError,
  MnemonicError,
  openVaultFile,
  PassphraseLengthError,
  upgradeToPassphrase,
  VaultFileError,
  type VaultFileKey,
  WrongPassphraseError,
} from "./mod.ts";
import { bytes, PHRASE, tempDirectory } from "./testdata/known.ts";

const ARGON2 = { memoryKib: 64, passes: 1, parallelism: 1 };
const PASSPHRASE = bytes("correct horse");
const MNEMONIC = bytes(PHRASE);

Deno.test("createVaultFile() makes two files of mode 0600 that open to the phrase", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  using made = await createVaultFile({ path, mnemonic: MNEMONIC });
  deepStrictEqual(await names(directory.path), ["vault.json", "vault.json.key"]);
  for (const file of [path, `${path}.key`]) {
    strictEqual(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  }
  const keys: VaultFileKey[] = [{ keyFilePath: `${path}.key` }, { dataKey: made.dataKey }];
  for (const key of keys) {
    using opened = await openVaultFile(path, key);
    deepStrictEqual(opened.mnemonic, MNEMONIC);
    deepStrictEqual(opened.dataKey, made.dataKey);
  }
  deepStrictEqual(await describeVaultFile(path), { passphrase: false, keyFile: true });
});

Deno.test("createVaultFile() with a passphrase makes no key file", async () => {
  await using directory = await tempDirectory();
  const path = await withPassphrase(directory.path);
  deepStrictEqual(await names(directory.path), ["vault.json"]);
  using opened = await openVaultFile(path, { passphrase: PASSPHRASE });
  deepStrictEqual(opened.mnemonic, MNEMONIC);
  const described = { passphrase: true, keyFile: false, argon2: ARGON2 };
  deepStrictEqual(await describeVaultFile(path), described);
  await rejects(openVaultFile(path, { passphrase: bytes("wrong") }), WrongPassphraseError);
  await rejects(openVaultFile(path, { passphrase: bytes("") }), WrongPassphraseError);
  await rejects(openVaultFile(path, { keyFilePath: "/nowhere" }), fault("no-slot"));
  await rejects(openVaultFile(path, { dataKey: new Uint8Array(32) }), fault("undecryptable"));
  await rejects(openVaultFile(path, { dataKey: new Uint8Array(5) }), fault("undecryptable"));
});

Deno.test("createVaultFile() never replaces a file and refuses what cannot be kept", async () => {
  await using directory = await tempDirectory();
  const path = await withPassphrase(directory.path);
  await rejects(createVaultFile({ path }), fault("exists"));
  const other = `${directory.path}/other.json`;
  await rejects(createVaultFile({ path: other, mnemonic: bytes("no phrase") }), MnemonicError);
  for (const passphrase of [new Uint8Array(), new Uint8Array(1025)]) {
    await rejects(createVaultFile({ path: other, passphrase }), PassphraseLengthError);
  }
  const missing = { path: `${directory.path}/missing/vault.json`, mnemonic: MNEMONIC };
  await rejects(createVaultFile(missing), KeyFileError);
  const both = { ...missing, passphrase: PASSPHRASE, argon2: ARGON2 };
  await rejects(createVaultFile(both), fault("inaccessible"));
  deepStrictEqual(await names(directory.path), ["vault.json"]);
});

// Killed between its two files, a creation leaves a key file alone; the next one must not fail, and
// must not overwrite it either: it may be the only key to a vault restored from a backup.
Deno.test("createVaultFile() takes a key file that is already there", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  const fileKey = crypto.getRandomValues(new Uint8Array(32));
  await Deno.writeFile(`${path}.key`, fileKey, { mode: 0o600 });
  using _made = await createVaultFile({ path });
  deepStrictEqual(await Deno.readFile(`${path}.key`), fileKey);
  using _opened = await openVaultFile(path, { keyFilePath: `${path}.key` });
});

Deno.test("A key file that others may read is refused with the command that helps", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  using _made = await createVaultFile({ path });
  const keyFilePath = `${path}.key`;
  for (const mode of [0o640, 0o604, 0o602, 0o610]) {
    await Deno.chmod(keyFilePath, mode);
    await rejects(openVaultFile(path, { keyFilePath }), /run chmod 600/);
  }
  await Deno.chmod(keyFilePath, 0o600);
  using _opened = await openVaultFile(path, { keyFilePath });
});

Deno.test("A key file that is missing, of another vault or no key gives its own errors", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  using _made = await createVaultFile({ path });
  const keyFilePath = `${directory.path}/other.key`;
  await rejects(openVaultFile(path, { keyFilePath }), KeyFileError);
  await rejects(openVaultFile(path, { keyFilePath: directory.path }), KeyFileError);
  for (const length of [0, 31, 33, 9999]) {
    await Deno.writeFile(keyFilePath, new Uint8Array(length), { mode: 0o600 });
    await rejects(openVaultFile(path, { keyFilePath }), KeyFileError);
  }
  await Deno.writeFile(keyFilePath, new Uint8Array(32), { mode: 0o600 });
  await rejects(openVaultFile(path, { keyFilePath }), fault("undecryptable"));
});

Deno.test("openVaultFile() says what is at the path", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  const key = { dataKey: new Uint8Array(32) };
  await rejects(openVaultFile(path, key), fault("missing"));
  await rejects(openVaultFile(directory.path, key), fault("malformed"));
  await Deno.writeFile(path, new Uint8Array(70_000));
  await rejects(openVaultFile(path, key), fault("malformed"));
});

Deno.test("upgradeToPassphrase() leaves the passphrase as the only key", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  using made = await createVaultFile({ path });
  const keyFilePath = `${path}.key`;
  const fileKey = await Deno.readFile(keyFilePath);
  const key = { keyFilePath };
  strictEqual(
    await upgradeToPassphrase({ path, key, passphrase: PASSPHRASE, argon2: ARGON2 }),
    true,
  );
  deepStrictEqual(await names(directory.path), ["vault.json"]);
  strictEqual(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  await Deno.writeFile(keyFilePath, fileKey, { mode: 0o600 });
  await rejects(openVaultFile(path, { keyFilePath }), fault("no-slot"));
  using opened = await openVaultFile(path, { passphrase: PASSPHRASE });
  deepStrictEqual([opened.mnemonic, opened.dataKey], [made.mnemonic, made.dataKey]);
});

Deno.test("upgradeToPassphrase() keeps a key file that belongs to something else", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  using made = await createVaultFile({ path });
  await Deno.writeFile(`${path}.key`, new Uint8Array(32));
  const key = { dataKey: made.dataKey };
  strictEqual(
    await upgradeToPassphrase({ path, key, passphrase: PASSPHRASE, argon2: ARGON2 }),
    false,
  );
  deepStrictEqual(await names(directory.path), ["vault.json", "vault.json.key"]);
});

// Any 32 bytes look like a data key: wrapping a wrong one would lose the phrase.
Deno.test("upgradeToPassphrase() with a wrong data key leaves the file as it was", async () => {
  await using directory = await tempDirectory();
  const path = await withPassphrase(directory.path);
  const before = await Deno.readFile(path);
  const key = { dataKey: new Uint8Array(32) };
  const upgrade = upgradeToPassphrase({ path, key, passphrase: bytes("new"), argon2: ARGON2 });
  await rejects(upgrade, fault("undecryptable"));
  deepStrictEqual(await Deno.readFile(path), before);
});

Deno.test("changePassphrase() exchanges the passphrase and keeps the data key", async () => {
  await using directory = await tempDirectory();
  const path = await withPassphrase(directory.path);
  const newPassphrase = bytes("new");
  const change = { path, oldPassphrase: PASSPHRASE, newPassphrase, argon2: ARGON2 };
  using before = await openVaultFile(path, { passphrase: PASSPHRASE });
  await changePassphrase(change);
  await rejects(openVaultFile(path, { passphrase: PASSPHRASE }), WrongPassphraseError);
  await rejects(changePassphrase(change), WrongPassphraseError);
  using after = await openVaultFile(path, { passphrase: newPassphrase });
  deepStrictEqual(after.dataKey, before.dataKey);
});

Deno.test("A vault file behind a symbolic link is changed where it lies", async () => {
  await using directory = await tempDirectory();
  const path = await withPassphrase(directory.path);
  const link = `${directory.path}/link.json`;
  await Deno.symlink(path, link);
  const newPassphrase = bytes("new");
  await changePassphrase({ path: link, oldPassphrase: PASSPHRASE, newPassphrase, argon2: ARGON2 });
  ok((await Deno.lstat(link)).isSymlink);
  using _opened = await openVaultFile(path, { passphrase: newPassphrase });
});

Deno.test("An opened vault file wipes what it held and shows none of it", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  const file = await createVaultFile({ path, mnemonic: MNEMONIC });
  const { mnemonic, dataKey } = file;
  for (const text of [JSON.stringify(file), Deno.inspect(file)]) {
    ok(!text.includes("abandon") && !text.includes(dataKey.toHex()) && !text.includes("97, 98"));
  }
  file[Symbol.dispose]();
  deepStrictEqual([mnemonic, dataKey], [new Uint8Array(MNEMONIC.length), new Uint8Array(32)]);
  await rejects(async () => await Promise.resolve(file.mnemonic), KeyDisposedError);
});

Deno.test("A vault file holds no byte of the phrase or its entropy in the clear", async () => {
  await using directory = await tempDirectory();
  const text = await Deno.readTextFile(await withPassphrase(directory.path));
  ok(!text.includes("abandon") && !text.includes(MNEMONIC.toBase64().slice(0, 12)));
});

async function withPassphrase(directory: string): Promise<string> {
  const path = `${directory}/vault.json`;
  using file = await createVaultFile({
    path,
    mnemonic: MNEMONIC,
    passphrase: PASSPHRASE,
    argon2: ARGON2,
  });
  return file.path;
}

async function names(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.map(({ name }) => name).sort();
}

function fault(expected: VaultFileError["fault"]): (error: unknown) => boolean {
  return (error) => error instanceof VaultFileError && error.fault === expected;
}
