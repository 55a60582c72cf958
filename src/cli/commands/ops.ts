import { describeSchema } from "@alknet/operations/codegen";
import { Command } from "commander";
import { type CallCommandOptions, withCallOptions, withSession } from "../calling/call_session.ts";
import { printText } from "../calling/output.ts";
import { isRecord, type Spec } from "../calling/specs.ts";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { withDialOptions } from "../dialling.ts";
import { columns, printable, type Terminal } from "../terminal.ts";

/** `alknet ops`: what a node can be asked to do. */
export function opsCommand(): Command {
  const command = new Command("ops")
    .description("list the operations of a node that this one may call, or show one")
    .argument("<target>", "<node-id>@host:port, a ticket or a peer's name")
    .argument("[name]", "an operation, to show its schemas");
  return withCallOptions(withVaultOptions(withDialOptions(command))).action(
    (target: string, name: string | undefined, options: CallCommandOptions, self: Command) =>
      ops(target, name, options, contextOf(self)),
  );
}

async function ops(
  target: string,
  name: string | undefined,
  options: CallCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  await withSession(target, options, context, async (session) => {
    const specs = name === undefined ? await session.specs() : [await session.spec(name)];
    const [only] = specs;
    if (terminal.json) {
      return await printText(
        `${JSON.stringify(name === undefined ? specs.map(row) : only?.raw)}\n`,
      );
    }
    const text = name !== undefined && only
      ? described(only, target, terminal)
      : listed(specs, terminal);
    await printText(text);
  });
}

function row({ name, type, description, access }: Spec): Record<string, string> {
  return { name, type, description, access };
}

/** One line an operation, a block a namespace; on a terminal no line is longer than that is wide. */
function listed(specs: readonly Spec[], { style }: Terminal): string {
  const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : Infinity;
  const rows = specs.map(({ name, type, access, description }) =>
    [name, type, access, description].map(printable)
  );
  const [heading = "", ...lines] = columns([["NAME", "TYPE", "NEEDS", "WHAT"], ...rows])
    .map((line) => line.length <= width ? line : `${line.slice(0, width - 1)}…`);
  const blocks = lines.map((line, index) => {
    const [before, own] = [specs[index - 1], specs[index]].map((spec) => spec?.name.split("/")[0]);
    return before === own || index === 0 ? line : `\n${line}`;
  });
  return [style.dim(heading), ...blocks].join("\n") + "\n";
}

function described(spec: Spec, target: string, { style }: Terminal): string {
  const { name, type, description, access, inputSchema, outputSchema, errorSchemas } = spec;
  const errors = errorSchemas.map(({ code, description: why }) =>
    `  ${printable(code)}${why ? `  ${style.dim(printable(why))}` : ""}\n`
  );
  return [
    `${style.bold(printable(name))}  ${printable(type)}, for ${printable(access)}\n`,
    description ? `${printable(description)}\n` : "",
    `\n${describeSchema(inputSchema, "Input")}`,
    `\n${describeSchema(outputSchema, type === "subscription" ? "Item" : "Output")}`,
    errors.length > 0 ? `\n${style.dim("Errors:")}\n${errors.join("")}` : "",
    `\n${style.dim("Example:")}\n  alknet call ${target} ${printable(example(spec))}\n`,
    `\n${style.dim("The whole schemas: --json")}\n`,
  ].join("");
}

/** A call with what has to be given. */
function example({ name, inputSchema }: Spec): string {
  const { properties, required } = isRecord(inputSchema) ? inputSchema : {};
  const names = Array.isArray(required) ? required.filter((each) => typeof each === "string") : [];
  const pairs = names.map((each) => {
    const property = isRecord(properties) ? properties[each] : undefined;
    const type = isRecord(property) ? property.type : undefined;
    if (type === "array") return `${each}[]=…`;
    return type === "string" ? `${each}=…` : `${each}:=…`;
  });
  return [name, ...pairs].join(" ");
}
