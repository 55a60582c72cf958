import { generateClient } from "@alknet/operations/codegen";
import { Command } from "commander";
import { callInput } from "../calling/call_input.ts";
import {
  type CallCommandOptions,
  type CallSession,
  withCallOptions,
  withSession,
} from "../calling/call_session.ts";
import { printText, printValue } from "../calling/output.ts";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { withDialOptions } from "../dialling.ts";
import { type Asked, routed, type Whom } from "./routed.ts";

const AFTER_HELP = `
Input:
  '{"peerId":"ci"}'        JSON; - reads it from standard input, @file from a file
  peerId=ci                text                  peerId=@file    text of a file
  enabled:=false           JSON                  rules:=@file    JSON of a file
  scopes[]=git:read        an item of a list, as often as there are items

Exit codes: 0 done, or a subscription ended by Ctrl-C; 2 the input does not fit; 4 unreachable,
unavailable or busy; 5 forbidden; 10 not found; 11 out of time; 12 an error that the operation
declares; 13 that node failed; 130 a call taken back by Ctrl-C.`;

/** `alknet call`: asks a node to do something. */
export function callCommand(): Command {
  const command = new Command("call")
    .description("call an operation of a node; a subscription prints its items until Ctrl-C")
    .argument("<target>", "<node-id>@host:port, a ticket or a peer's name")
    .argument("<operation>", "such as node/info; alknet ops lists them")
    .argument("[input...]", "JSON, key=text, key:=json, @file, or - for standard input")
    .option("--peer <name>", "let the target ask this peer of its own, and no other")
    .option("--any", "let the target ask any of its peers that has the operation")
    .option("--policy <name>", "which one, with --any: round-robin, first or least-pending")
    .addHelpText("after", AFTER_HELP);
  withCallOptions(withVaultOptions(withDialOptions(command))).action(
    (target: string, name: string, input: string[], options: RoutedOptions, self: Command) =>
      call({ target, name, input }, options, contextOf(self)),
  );
  command.addCommand(codegenCommand());
  return command;
}

function codegenCommand(): Command {
  const command = new Command("codegen")
    .description("print a TypeScript client for the operations that this one may call there")
    .argument("<target>", "<node-id>@host:port, a ticket or a peer's name")
    .argument("[prefixes...]", "only operations whose names begin so, such as peers/");
  return withCallOptions(withVaultOptions(withDialOptions(command))).action(
    (target: string, prefixes: string[], options: CallCommandOptions, self: Command) =>
      codegen(target, prefixes, options, contextOf(self)),
  );
}

interface RoutedOptions extends CallCommandOptions, Whom {}

interface Wanted {
  readonly target: string;
  readonly name: string;
  readonly input: readonly string[];
}

async function call(
  { target, name, input }: Wanted,
  options: RoutedOptions,
  context: CommandContext,
): Promise<void> {
  const value = await callInput(input);
  await withSession(target, options, context, async (session) => {
    const asked = await routed(session, { name, input: value }, options);
    if (asked.type === "subscription") return await printItems(session, asked, context);
    await printValue(await session.call(asked.name, asked.input), context.terminal);
  });
}

/** Prints what comes until it ends or Ctrl-C, which ends it on the other side too. */
async function printItems(
  session: CallSession,
  { name, input }: Asked,
  { terminal }: CommandContext,
): Promise<void> {
  try {
    for await (const item of session.subscribe(name, input)) await printValue(item, terminal);
  } catch (error) {
    if (!session.signal.aborted) throw error; // Ctrl-C is how a subscription is meant to end
  }
}

async function codegen(
  target: string,
  prefixes: readonly string[],
  options: CallCommandOptions,
  context: CommandContext,
): Promise<void> {
  await withSession(target, options, context, async (session) => {
    const specs = (await session.specs()).filter(({ name }) =>
      prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix))
    );
    const text = generateClient(specs);
    context.terminal.data({ typescript: text });
    if (!context.terminal.json) await printText(text);
  });
}
