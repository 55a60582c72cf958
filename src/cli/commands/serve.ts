import { parseAddress } from "@alknet/client";
import { getLogger } from "@logtape/logtape";
import { Vault } from "@alknet/vault";
import { Command } from "commander";
import { type Config, readConfig } from "../config/config.ts";
import { type CommandContext, contextOf, repeated, withVaultOptions } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { invocation } from "../invocation.ts";
import { formatAddress, reachableAddresses } from "../node/addresses.ts";
import { containFaults } from "../node/contain_faults.ts";
import { startLogging } from "../node/logging.ts";
import {
  nodeKeyOf,
  openOrCreateVault,
  sshHostKeyOf,
  type VaultOptions,
} from "../node/open_vault.ts";
import { type NodeKeys, type RunningNode, runNode } from "../node/run_node.ts";
import { unsealWith } from "../node/unseal.ts";
import { untilStopped } from "../node/signals.ts";
import { giveBackSpareMemory } from "../node/spare_memory.ts";
import type { Paths } from "../paths.ts";
import type { Terminal } from "../terminal.ts";

interface ServeOptions extends VaultOptions {
  readonly listen?: readonly string[];
  readonly config?: string;
  readonly log?: string;
}

const log = getLogger(["alknet", "node"]);

/** `alknet serve`: the node. */
export function serveCommand(): Command {
  return withVaultOptions(
    new Command("serve")
      .description("run this node: every protocol on one port, QUIC and TLS")
      .option(
        "--listen <host:port>",
        "listen here instead of what the configuration says",
        repeated,
      )
      .option("--config <file>", "read this file instead of alknet.toml in its usual place")
      .option("--log <level>", "debug, info, warning or error"),
  ).action((options: ServeOptions, command: Command) => run(options, contextOf(command)));
}

async function run(options: ServeOptions, context: CommandContext): Promise<void> {
  const { terminal, paths } = context;
  const config = withOverrides(await readConfig(options.config ?? paths.config), options);
  await using _logging = await startLogging(config);
  using vault = new Vault();
  const secrets = wantsSecrets(config) ? vault : undefined;
  const { keys, opener } = await openKeys(paths, options, secrets);
  using _contained = containFaults();
  await using _spare = giveBackSpareMemory();
  await using node = await runNode(keys, config, paths, unsealWith(vault));
  announce(node, config, paths, terminal, opener);
  await untilStopped({
    reload: () => node.reload().catch((error) => log.error("reload.failed", { error })),
    stopping: (signal) => log.info("node.stopping", { signal }),
  });
}

async function openKeys(
  paths: Paths,
  options: VaultOptions,
  secrets: Vault | undefined,
): Promise<{ keys: NodeKeys; opener: string }> {
  using vault = await openOrCreateVault(paths, options);
  await secrets?.unlock(vault.file.mnemonic);
  const { file, opener } = vault;
  return { keys: { node: await nodeKeyOf(file), sshHost: await sshHostKeyOf(file) }, opener };
}

/** Only a node that calls services with secrets keeps its vault open. */
function wantsSecrets({ imports }: Config): boolean {
  return imports.some(({ credential }) => credential !== undefined);
}

function withOverrides(config: Config, options: ServeOptions): Config {
  const level = (["debug", "info", "warning", "error"] as const)
    .find((each) => each === options.log);
  if (options.log && !level) {
    throw new CliError(`--log must be debug, info, warning or error`, ExitCode.Usage);
  }
  const listen = options.listen?.map((text) => ({
    address: parseAddress(text),
    transports: ["quic", "tls"] as const,
    acme: true,
    quicCertificate: "own" as const,
  }));
  return { ...config, listen: listen ?? config.listen, logLevel: level ?? config.logLevel };
}

function announce(
  { endpoint }: RunningNode,
  config: Config,
  paths: Paths,
  terminal: Terminal,
  opener: string,
): void {
  const { nodeId } = endpoint;
  const addresses = endpoint.listeners.flatMap(({ addr }) => reachableAddresses(addr))
    .map((address) => formatAddress(address));
  const alpn = endpoint.handlers.flatMap((handler) => handler.alpn);
  terminal.data({ event: "serving", nodeId, addresses, alpn, pid: Deno.pid });
  const { bold, dim, cyan } = terminal.style;
  const alknet = invocation();
  terminal.line(`${bold("alknet node")} ${nodeId}`);
  terminal.line(`  listening  ${addresses.join("  ")} ${dim("(QUIC and TLS)")}`);
  terminal.line(`  protocols  ${alpn.join("  ")}`);
  terminal.line(`  settings   ${config.file ?? 'embedded default (write a file: "alknet init")'}`);
  if (opener === "new") {
    terminal.line(`  vault      new, at ${paths.vault}, sealed with the key file beside it`);
    terminal.line(
      `             ${dim("its twelve words are your only backup:")} ${alknet} vault phrase`,
    );
    terminal.line(`             ${dim("better protection:")} ${alknet} vault passphrase`);
  }
  const port = endpoint.addr.port;
  const local = addresses.find((each) => each.startsWith("127.")) ?? `127.0.0.1:${port}`;
  terminal.line("Try, in another terminal:");
  terminal.line(`  ${cyan(`curl -k https://${local}/healthz`)}`);
  terminal.line(`  ${cyan(`${alknet} ping ${nodeId}@${local}`)}`);
  terminal.line(`  ${cyan(`${alknet} status`)}`);
}
