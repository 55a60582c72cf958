/** What a crash, a bad disk or an attacker may leave at the path of a vault file. */
import { deepStrictEqual, ok } from "node:assert/strict";

import fc from "fast-check";

import {
  createVaultFile,
  openVaultFile,
  upgradeToPassphrase,
  VaultFileError,
  WrongPassphraseError,
} from "./mod.ts";
import { bytes, PHRASE, tempDirectory } from "./testdata/known.ts";

const ARGON2 = { memoryKib: 64, passes: 1, parallelism: 1 };
const MNEMONIC = bytes(PHRASE);

Deno.test("Truncated, mutated and foreign files give the two errors or the phrase", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  const passphrase = bytes("correct horse");
  using _made = await createVaultFile({ path, mnemonic: MNEMONIC, passphrase, argon2: ARGON2 });
  const original = await Deno.readFile(path);
  const at = fc.nat({ max: original.length - 1 });
  const mutation = fc.oneof(
    at.map((length) => original.slice(0, length)),
    fc.tuple(at, fc.nat({ max: 255 })).map(([index, value]) => original.with(index, value)),
    fc.tuple(at, at).map(([from, to]) =>
      new Uint8Array([...original.slice(0, from), ...original.slice(to)])
    ),
    fc.uint8Array({ maxLength: 200 }),
  );
  await fc.assert(
    fc.asyncProperty(mutation, async (content) => {
      await Deno.writeFile(path, content);
      try {
        using opened = await openVaultFile(path, { passphrase });
        deepStrictEqual(opened.mnemonic, MNEMONIC);
      } catch (error) {
        ok(error instanceof VaultFileError || error instanceof WrongPassphraseError, `${error}`);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("A kill in the middle of changes leaves a file that one of the passphrases opens", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/vault.json`;
  using _made = await createVaultFile({
    path,
    mnemonic: MNEMONIC,
    passphrase: bytes("a"),
    argon2: ARGON2,
  });
  for (let round = 0; round < 5; round++) {
    await killDuringChanges(path, 10 * round + 3);
    using opened = await openWithEither(path);
    deepStrictEqual(opened.mnemonic, MNEMONIC);
  }
});

/** Runs a process that changes the passphrase all the time, and kills it after some changes. */
async function killDuringChanges(path: string, changes: number): Promise<void> {
  const script = new URL("./testdata/change_passphrase_forever.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, path],
    stdout: "piped",
    stderr: "inherit",
  });
  const child = command.spawn();
  let seen = 0;
  for await (const dots of child.stdout) {
    seen += dots.length;
    if (seen >= changes) break;
  }
  child.kill("SIGKILL");
  await child.status;
  // The next process begins with "a" again.
  using opened = await openWithEither(path);
  const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };
  const key = { dataKey: opened.dataKey };
  await upgradeToPassphrase({ path, key, passphrase: bytes("a"), argon2 });
}

async function openWithEither(path: string): ReturnType<typeof openVaultFile> {
  try {
    return await openVaultFile(path, { passphrase: bytes("a") });
  } catch (error) {
    if (!(error instanceof WrongPassphraseError)) throw error;
    return await openVaultFile(path, { passphrase: bytes("b") });
  }
}
