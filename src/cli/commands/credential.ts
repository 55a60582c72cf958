import { parseEncryptedData, Vault } from "@alknet/vault";
import type { Store } from "@alknet/store";
import { Command } from "commander";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { openConfiguredStore } from "../node/open_store.ts";
import { openVault, type VaultOptions } from "../node/open_vault.ts";
import { askSecret, readSecret } from "../passphrase.ts";
import { columns } from "../terminal.ts";

interface PutOptions extends VaultOptions {
  readonly fd?: number;
}

interface RotateOptions extends VaultOptions {
  readonly to?: number;
}

/** `alknet credential`: secrets for services that handlers call, sealed by the vault. */
export function credentialCommand(): Command {
  const credential = new Command("credential")
    .description("secrets for services that handlers call, sealed by the vault");
  withVaultOptions(
    credential.command("put")
      .description("keep a secret; asks for it, or reads it from a file descriptor")
      .argument("<provider>", "what it is for, such as openai")
      .option("--fd <n>", "read the secret from this file descriptor", Number),
  ).action((provider: string, options: PutOptions, command: Command) =>
    put(provider, options, contextOf(command))
  );
  credential.command("list")
    .description("list for what there are secrets, never the secrets")
    .action((_options: unknown, command: Command) => list(contextOf(command)));
  withVaultOptions(
    credential.command("rotate")
      .description("seal all secrets with the vault's next key; can be broken off and repeated")
      .option("--to <version>", "this key version instead of the next", Number),
  ).action((options: RotateOptions, command: Command) => rotate(options, contextOf(command)));
  credential.command("rm")
    .description("forget a secret")
    .argument("<provider>")
    .action((provider: string, _options: unknown, command: Command) =>
      remove(provider, contextOf(command))
    );
  return credential;
}

async function put(
  provider: string,
  options: PutOptions,
  { terminal, paths }: CommandContext,
): Promise<void> {
  using vault = await unlocked(paths, options);
  const secret = options.fd === undefined
    ? await askSecret(`Secret for ${provider}`)
    : await readSecret(options.fd);
  try {
    await using store = await openConfiguredStore(paths);
    const keyVersion = Math.max(FIRST_VERSION, ...versionsOf(store).values());
    await store.credentials.put(provider, await vault.encrypt(secret, { provider, keyVersion }));
    store.audit.append({ kind: "credential.put", detail: provider });
  } finally {
    secret.fill(0);
  }
  terminal.data({ provider });
  terminal.line(`The secret for "${provider}" is kept`);
}

async function list({ terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  const versions = [...versionsOf(store)].map(([provider, keyVersion]) => ({
    provider,
    keyVersion,
  }));
  terminal.data(versions);
  if (versions.length === 0) return terminal.line("No secrets");
  const rows = versions.map(({ provider, keyVersion }) => [provider, String(keyVersion)]);
  for (const line of columns([["PROVIDER", "KEY VERSION"], ...rows])) terminal.line(line);
}

/** Each secret is replaced by itself and only if nobody else has, so any interruption is harmless. */
async function rotate(
  options: RotateOptions,
  { terminal, paths }: CommandContext,
): Promise<void> {
  using vault = await unlocked(paths, options);
  await using store = await openConfiguredStore(paths);
  const versions = versionsOf(store);
  const toVersion = options.to ?? nextVersion([...versions.values()]);
  if (!Number.isSafeInteger(toVersion) || toVersion < FIRST_VERSION) {
    throw new CliError(`--to must be a whole number of at least ${FIRST_VERSION}`, ExitCode.Usage);
  }
  let rotated = 0;
  for (const [provider, version] of versions) {
    if (version !== toVersion && await rotateOne(store, vault, provider, toVersion)) rotated++;
  }
  store.audit.append({ kind: "credential.rotated", detail: `${rotated} to ${toVersion}` });
  terminal.data({ rotated, keyVersion: toVersion });
  terminal.line(`${rotated} secrets are now sealed with key version ${toVersion}`);
}

async function rotateOne(
  store: Store,
  vault: Vault,
  provider: string,
  toVersion: number,
): Promise<boolean> {
  for (let seen = store.credentials.get(provider); seen; seen = store.credentials.get(provider)) {
    const next = await vault.rotate(parseEncryptedData(seen), { provider, toVersion });
    if (await store.credentials.replace(provider, seen, next)) return true;
    await store.refresh(); // somebody has changed it meanwhile: rotate what is there now
  }
  return false;
}

async function remove(provider: string, { terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  if (!store.credentials.names().includes(provider)) {
    throw new CliError(`No secret for "${provider}": see "alknet credential list"`, ExitCode.Usage);
  }
  await store.credentials.delete(provider);
  store.audit.append({ kind: "credential.removed", detail: provider });
  terminal.data({ removed: provider });
  terminal.line(`The secret for "${provider}" is forgotten`);
}

/** The first key version that authenticates for whom a secret is (docs/adr/0004). */
const FIRST_VERSION = 3;

/** Where a rotation was broken off, it goes on to the same version. */
function nextVersion(versions: readonly number[]): number {
  const newest = Math.max(FIRST_VERSION, ...versions);
  const complete = versions.every((version) => version === newest);
  return complete ? newest + 1 : newest;
}

function versionsOf({ credentials }: Store): Map<string, number> {
  return new Map(
    credentials.names().map((name) => [name, credentials.get(name)?.key_version ?? 0]),
  );
}

async function unlocked(paths: CommandContext["paths"], options: VaultOptions): Promise<Vault> {
  using opened = await openVault(paths, options);
  const vault = new Vault();
  await vault.unlock(opened.file.mnemonic);
  return vault;
}
