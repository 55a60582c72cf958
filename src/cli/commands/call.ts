import { ALPN, type CallClient, CallError, connectCall } from "@alknet/call";
import { Command } from "commander";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { dialAs, type DialCommandOptions, withDialOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import { columns, type Terminal } from "../terminal.ts";
import { routed, type Whom } from "./routed.ts";

const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** `alknet ops`: what a node can be asked to do. */
export function opsCommand(): Command {
  const command = new Command("ops")
    .description("list the operations of a node that this one may call, or show one")
    .argument("<target>", "<node-id>@host:port, a ticket or a peer's name")
    .argument("[name]", "an operation, to show its schemas");
  return withVaultOptions(withDialOptions(command)).action(
    (target: string, name: string | undefined, options: DialCommandOptions, self: Command) =>
      ops(target, name, options, contextOf(self)),
  );
}

/** `alknet call`: asks a node to do it. */
export function callCommand(): Command {
  const command = new Command("call")
    .description("call an operation of a node; a subscription prints its items until Ctrl-C")
    .argument("<target>", "<node-id>@host:port, a ticket or a peer's name")
    .argument("<operation>", "such as node/info")
    .argument("[input]", 'its input as JSON, or "-" to read that from standard input')
    .option("--peer <name>", "let the target ask this peer of its own, and no other")
    .option("--any", "let the target ask any of its peers that has the operation")
    .option("--policy <name>", "which one, with --any: round-robin, first or least-pending");
  return withVaultOptions(withDialOptions(command)).action(
    (target: string, name: string, input: string | undefined, options: CallCommandOptions, self) =>
      call({ target, name, input }, options, contextOf(self)),
  );
}

async function ops(
  target: string,
  name: string | undefined,
  options: DialCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  await withClient(target, options, context, async (client) => {
    if (name) return printValue(await client.call("services/schema", { name }), terminal);
    const listed = await client.call("services/list", {});
    terminal.data(listed);
    const rows = isList(listed) ? listed.map(cells) : [];
    for (const line of columns([["NAME", "TYPE", "WHAT"], ...rows])) terminal.line(line);
  });
}

interface CallCommandOptions extends DialCommandOptions, Whom {}

interface Wanted {
  readonly target: string;
  readonly name: string;
  readonly input: string | undefined;
}

async function call(
  { target, name, input }: Wanted,
  options: CallCommandOptions,
  context: CommandContext,
): Promise<void> {
  const value = await inputOf(input);
  await withClient(target, options, context, async (client) => {
    const asked = await routed(client, { name, input: value }, options);
    if (asked.type !== "subscription") {
      return printValue(await client.call(asked.name, asked.input), context.terminal);
    }
    const subscribe = (signal: AbortSignal): AsyncIterable<unknown> =>
      client.subscribe(asked.name, asked.input, { signal });
    await printItems(subscribe, context.terminal);
  });
}

/** Prints what comes until it ends or Ctrl-C, which ends it on the other side too. */
async function printItems(
  subscribe: (signal: AbortSignal) => AsyncIterable<unknown>,
  terminal: Terminal,
): Promise<void> {
  const stop = new AbortController();
  Deno.addSignalListener("SIGINT", () => stop.abort());
  try {
    for await (const item of subscribe(stop.signal)) printValue(item, terminal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

async function withClient(
  target: string,
  options: DialCommandOptions,
  { paths }: CommandContext,
  use: (client: CallClient) => Promise<void>,
): Promise<void> {
  const { conn } = await dialAs(paths, target, ALPN, { ...options, proof: true });
  await using _ = conn;
  await using client = connectCall(conn);
  try {
    await use(client);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new CliError(`${error.code}: ${error.message}`, exitCodeOf(error), { cause: error });
  }
}

function exitCodeOf({ code }: CallError): ExitCode {
  if (code === "FORBIDDEN") return ExitCode.Refused;
  if (code === "NOT_FOUND" || code === "INVALID_INPUT") return ExitCode.Usage;
  return code === "ABORTED" ? ExitCode.Ok : ExitCode.Unreachable;
}

async function inputOf(text: string | undefined): Promise<unknown> {
  if (text === undefined) return {};
  const json = text === "-" ? await readInput() : text;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new CliError("The input is not JSON", ExitCode.Usage, { cause: error });
  }
}

async function readInput(): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of Deno.stdin.readable) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_INPUT_BYTES) throw new CliError("The input is too long", ExitCode.Usage);
  }
  return text;
}

/** Indented for people, one line for programs. */
function printValue(value: unknown, terminal: Terminal): void {
  terminal.data(value);
  terminal.line(JSON.stringify(value, null, Deno.stdout.isTerminal() ? 2 : undefined));
}

function cells(value: unknown): string[] {
  const { name, type, description } = isRecord(value) ? value : {};
  return [name, type, description].map((cell) => typeof cell === "string" ? cell : "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
