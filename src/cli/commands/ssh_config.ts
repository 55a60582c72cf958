import { ALPN, readHostKey } from "@alknet/ssh";
import { Command } from "commander";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { dialAs, type DialCommandOptions, withDialOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import { programCommand } from "../invocation.ts";
import type { Paths } from "../paths.ts";
import { knownHostsFile, rememberHostKey } from "../ssh/host_keys.ts";

interface SshConfigOptions extends DialCommandOptions {
  readonly name?: string;
  readonly user?: string;
}

const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** `alknet ssh-config`: what OpenSSH needs to reach a node, and the key to expect there. */
export function sshConfigCommand(): Command {
  const command = new Command("ssh-config")
    .description("print what ~/.ssh/config needs to reach a node, and remember its host key")
    .argument("<target>", "<node-id>@host:port, a ticket or a peer's name")
    .option("--name <host>", "what the host is called in ~/.ssh/config (default: the peer's name)")
    .option("--user <name>", "the name to log in under");
  return withVaultOptions(withDialOptions(command)).action(
    (target: string, options: SshConfigOptions, self: Command) =>
      print(target, options, contextOf(self)),
  );
}

async function print(
  target: string,
  options: SshConfigOptions,
  { terminal, paths }: CommandContext,
): Promise<void> {
  const name = options.name ?? (HOST_NAME.test(target) ? target : "alknet-node");
  if (!HOST_NAME.test(name)) {
    throw new CliError(`--name must be a plain word, not "${name}"`, ExitCode.Usage);
  }
  const key = await hostKeyOf(target, options, paths);
  const knownHosts = knownHostsFile(paths);
  const knownHost = await rememberHostKey(paths, name, key);
  const transport = options.transport ? ["--transport", options.transport] : [];
  const words = [
    ...programCommand((name) => Deno.env.get(name)),
    "connect",
    target,
    "--alpn",
    ALPN,
    ...transport,
  ];
  const proxy = words.map(quoted).join(" ");
  const block = [
    `Host ${name}`,
    ...options.user ? [`  User ${options.user}`] : [],
    `  HostKeyAlias ${name}`,
    `  ProxyCommand ${proxy}`,
    `  UserKnownHostsFile "${knownHosts}"`,
    "  StrictHostKeyChecking yes",
  ].join("\n");
  terminal.data({ name, config: block, knownHost, knownHosts });
  terminal.line(block);
}

/** The key that the node shows over a connection on which it has proven its node id. */
async function hostKeyOf(
  target: string,
  options: SshConfigOptions,
  paths: Paths,
): Promise<Uint8Array> {
  const { conn } = await dialAs(paths, target, ALPN, { ...options, proof: false });
  try {
    return await readHostKey(await conn.openStream());
  } finally {
    conn.close();
  }
}

/** For the shell that OpenSSH runs the command with; % is its own sign. */
function quoted(word: string): string {
  const escaped = word.replaceAll("%", "%%");
  return /^[\w@%+=:,./[\]-]+$/.test(escaped) ? escaped : `'${escaped.replaceAll("'", `'\\''`)}'`;
}
