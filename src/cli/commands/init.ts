import { createVaultFile } from "@alknet/vault";
import { Command } from "commander";
import { dirname } from "node:path";
import { configTemplate } from "../config/template.ts";
import { type CommandContext, contextOf } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { exists, nodeKeyOf } from "../node/open_vault.ts";
import { namesOf } from "../node/names_of.ts";
import { makePrivateDirectory } from "../paths.ts";
import { askNewSecret, askSecret, readSecret } from "../passphrase.ts";

interface InitOptions {
  readonly restore?: boolean;
  readonly phraseFd?: number;
  readonly passphrase?: boolean;
  readonly passphraseFd?: number;
  readonly words: string;
}

/** `alknet init`: a vault with the node's twelve words, and a commented configuration. */
export function initCommand(): Command {
  return new Command("init")
    .description("make this node's vault (twelve words) and a commented alknet.toml")
    .option("--restore", "ask for words written down before, to be the same node again")
    .option("--phrase-fd <n>", "read those words from this file descriptor", Number)
    .option("--passphrase", "protect the vault with a passphrase instead of a key file")
    .option("--passphrase-fd <n>", "read that passphrase from this file descriptor", Number)
    .option("--words <n>", "how many new words: 12, 15, 18, 21 or 24", "12")
    .action((options: InitOptions, command: Command) => init(options, contextOf(command)));
}

async function init(options: InitOptions, { terminal, paths }: CommandContext): Promise<void> {
  if (await exists(paths.vault)) {
    throw new CliError(
      `There is a vault already at ${paths.vault}: see "alknet id"; move it away to start afresh`,
      ExitCode.Usage,
    );
  }
  await makePrivateDirectory(paths.data);
  const given = await givenPhrase(options);
  const passphrase = await newPassphrase(options);
  try {
    using file = await createVaultFile({
      path: paths.vault,
      mnemonic: given,
      wordCount: wordCount(options.words),
      passphrase,
    });
    const wroteConfig = await writeConfig(paths.config);
    const names = namesOf(await nodeKeyOf(file));
    terminal.data({ ...names, vault: paths.vault, config: paths.config, restored: Boolean(given) });
    const { bold, dim } = terminal.style;
    terminal.line(`${bold("Node id")}        ${names.nodeId}`);
    terminal.line(`${bold("Vault")}          ${paths.vault} ${dim(sealedBy(passphrase))}`);
    terminal.line(`${bold("Configuration")}  ${paths.config}${wroteConfig ? "" : dim(" (kept)")}`);
    terminal.line();
    if (!given) terminal.line('Write your words down: "alknet vault phrase" shows them.');
    terminal.line('Next: "alknet serve" starts the node.');
  } finally {
    given?.fill(0);
    passphrase?.fill(0);
  }
}

function sealedBy(passphrase: Uint8Array | undefined): string {
  return passphrase ? "(sealed with your passphrase)" : "(sealed with the key file beside it)";
}

async function givenPhrase(options: InitOptions): Promise<Uint8Array | undefined> {
  if (options.phraseFd !== undefined) return await readSecret(options.phraseFd);
  return options.restore ? await askSecret("The words, separated by spaces") : undefined;
}

async function newPassphrase(options: InitOptions): Promise<Uint8Array | undefined> {
  if (options.passphraseFd !== undefined) return await readSecret(options.passphraseFd);
  return options.passphrase ? await askNewSecret("New vault passphrase") : undefined;
}

function wordCount(text: string): 12 | 15 | 18 | 21 | 24 {
  const found = ([12, 15, 18, 21, 24] as const).find((count) => String(count) === text);
  if (found) return found;
  throw new CliError(`--words must be 12, 15, 18, 21 or 24, not "${text}"`, ExitCode.Usage);
}

async function writeConfig(file: string): Promise<boolean> {
  await makePrivateDirectory(dirname(file));
  try {
    await Deno.writeTextFile(file, configTemplate(), { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}
