import {
  changePassphrase,
  describeVaultFile,
  serveVaultAgent,
  upgradeToPassphrase,
  Vault,
} from "@alknet/vault";
import { Command } from "commander";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { exists, openVault, type VaultOptions } from "../node/open_vault.ts";
import { untilStopped } from "../node/signals.ts";
import { askNewSecret, askSecret, readSecret } from "../passphrase.ts";
import { makePrivateDirectory } from "../paths.ts";

interface PassphraseOptions extends VaultOptions {
  readonly newPassphraseFd?: number;
}

/** `alknet vault`: the twelve words and what protects them. */
export function vaultCommand(): Command {
  const vault = new Command("vault").description("the node's twelve words and what protects them");
  vault.command("status")
    .description("show what opens the vault")
    .action((_options: unknown, command: Command) => status(contextOf(command)));
  withVaultOptions(
    vault.command("phrase").description("show the words: write them down, they are the backup"),
  ).action((options: VaultOptions, command: Command) => phrase(options, contextOf(command)));
  withVaultOptions(
    vault.command("passphrase")
      .description("protect the vault with a passphrase, or change it; removes the key file")
      .option("--new-passphrase-fd <n>", "read the new one from this file descriptor", Number),
  ).action((options: PassphraseOptions, command: Command) =>
    passphrase(options, contextOf(command))
  );
  withVaultOptions(
    vault.command("agent")
      .description("hold the vault open for other commands, and be an SSH agent with its keys"),
  ).action((options: VaultOptions, command: Command) => agent(options, contextOf(command)));
  return vault;
}

async function status({ terminal, paths }: CommandContext): Promise<void> {
  const there = await exists(paths.vault);
  const slots = there ? await describeVaultFile(paths.vault) : undefined;
  const agentRuns = await exists(paths.agent);
  terminal.data({ path: paths.vault, exists: there, agent: agentRuns, ...slots });
  if (!slots) return terminal.line(`No vault at ${paths.vault}: run "alknet init"`);
  terminal.line(`Vault  ${paths.vault}`);
  if (slots.keyFile) {
    terminal.line(`       opened by the key file ${paths.vaultKey}`);
    terminal.line(
      '       anyone who copies both has the node: "alknet vault passphrase" is better',
    );
  }
  if (slots.passphrase) terminal.line("       opened by a passphrase");
  if (agentRuns) terminal.line(`       an agent holds it open at ${paths.agent}`);
}

async function phrase(options: VaultOptions, { terminal, paths }: CommandContext): Promise<void> {
  using vault = await openVault(paths, options);
  const words = new TextDecoder().decode(vault.file.mnemonic);
  terminal.data({ phrase: words });
  terminal.line(words);
}

async function passphrase(
  options: PassphraseOptions,
  { terminal, paths }: CommandContext,
): Promise<void> {
  const { passphrase: hasOne } = await describeVaultFile(paths.vault);
  if (hasOne) await change(options, paths.vault);
  else await upgrade(options, paths);
  terminal.data({ path: paths.vault, passphrase: true });
  terminal.line(`The vault now opens with your passphrase only: ${paths.vault}`);
  terminal.line('"alknet serve" will ask for it, or start "alknet vault agent" first.');
}

async function change(options: PassphraseOptions, path: string): Promise<void> {
  const { passphraseFd, newPassphraseFd } = options;
  const oldPassphrase = passphraseFd === undefined
    ? await askSecret("Present vault passphrase")
    : await readSecret(passphraseFd);
  const newPassphrase = await newSecret(newPassphraseFd);
  try {
    await changePassphrase({ path, oldPassphrase, newPassphrase });
  } finally {
    oldPassphrase.fill(0);
    newPassphrase.fill(0);
  }
}

async function upgrade(
  options: PassphraseOptions,
  paths: CommandContext["paths"],
): Promise<void> {
  const secret = await newSecret(options.newPassphraseFd);
  try {
    await upgradeToPassphrase({
      path: paths.vault,
      key: { keyFilePath: paths.vaultKey },
      keyFilePath: paths.vaultKey,
      passphrase: secret,
    });
  } finally {
    secret.fill(0);
  }
}

async function newSecret(fd: number | undefined): Promise<Uint8Array<ArrayBuffer>> {
  return fd === undefined ? await askNewSecret("New vault passphrase") : await readSecret(fd);
}

async function agent(options: VaultOptions, { terminal, paths }: CommandContext): Promise<void> {
  using opened = await openVault(paths, options);
  using vault = new Vault();
  await vault.unlock(opened.file.mnemonic);
  await makePrivateDirectory(paths.runtime);
  await using serving = await serveVaultAgent({
    vault,
    dataKey: opened.file.dataKey,
    socketPath: paths.agent,
  });
  terminal.data({ event: "agent", socket: paths.agent, pid: Deno.pid });
  terminal.line(`The vault is open for this user at ${paths.agent} until this program ends.`);
  terminal.line(`SSH_AUTH_SOCK=${paths.agent} ssh-add -L`);
  const stopped = untilStopped({ reload: () => Promise.resolve(), stopping() {} });
  await Promise.race([serving.finished, stopped]);
}
