import { Command } from "commander";
import { contextOf } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";

/** `alknet completions`: scripts for shells. */
export function completionsCommand(): Command {
  return new Command("completions")
    .description("print a completion script: source <(alknet completions bash)")
    .argument("<shell>", "bash, zsh or fish")
    .action((shell: string, _options: unknown, command: Command) => {
      const root = command.parent ?? command;
      contextOf(command).terminal.line(scriptFor(shell, root));
    });
}

function scriptFor(shell: string, root: Command): string {
  const words = wordsOf(root, []);
  switch (shell) {
    case "bash":
      return bash(words);
    case "zsh":
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`;
    case "fish":
      return fish(words);
  }
  throw new CliError(`No completions for "${shell}": bash, zsh or fish`, ExitCode.Usage);
}

interface Words {
  /** The commands so far, such as `peer add`. */
  readonly path: string;
  /** What may follow. */
  readonly next: readonly string[];
}

function wordsOf(command: Command, path: readonly string[]): Words[] {
  const options = command.options.flatMap(({ long }) => long ? [long] : []);
  const own: Words = {
    path: path.join(" "),
    next: [
      ...new Set([...command.commands.map((each) => each.name()), ...options, "--json", "--help"]),
    ],
  };
  return [own, ...command.commands.flatMap((each) => wordsOf(each, [...path, each.name()]))];
}

function bash(words: readonly Words[]): string {
  const cases = words.map(({ path, next }) => `    "${path}") next="${next.join(" ")}" ;;`);
  return `_alknet() {
  local path="" word next=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  while :; do
    case "$path" in
${cases.join("\n")}
    esac
    [ -n "$next" ] || [ -z "$path" ] && break
    case "$path" in *" "*) path="\${path% *}" ;; *) path="" ;; esac
  done
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _alknet alknet`;
}

function fish(words: readonly Words[]): string {
  return words.flatMap(({ path, next }) => {
    const seen = path.split(" ").filter(Boolean);
    const condition = seen.length === 0
      ? "__fish_use_subcommand"
      : seen.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    return next.map((word) =>
      word.startsWith("--")
        ? `complete -c alknet -n '${condition}' -l ${word.slice(2)}`
        : `complete -c alknet -f -n '${condition}' -a ${word}`
    );
  }).join("\n");
}
