import { Command } from "commander";
import { contextOf, repeated } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { type ForwardOptions, forwardSpecs } from "../ssh/forward_spec.ts";
import { keepForwarding, type KeepForwardingOptions } from "../ssh/keep_forwarding.ts";
import { SSH_TARGET, withSshOptions } from "../ssh/open_session.ts";

/** Adds `-L`, `-R` and `-D`. */
export function withForwardOptions(command: Command): Command {
  return command
    .option("-L <forward>", "[address:]port:host:port or paths, listened on here", repeated)
    .option("-R <forward>", "the same, listened on there and leading here", repeated)
    .option("-D <[address:]port>", "a proxy here: SOCKS 4, 4a, 5 and HTTP CONNECT", repeated)
    .option("--danger-listen", "let other machines use what is listened on here");
}

/** `alknet forward`: ports and sockets through a node, for as long as this runs. */
export function forwardCommand(): Command {
  const command = new Command("forward")
    .description("forward ports and sockets through a node, and reconnect for ever")
    .argument("<target>", SSH_TARGET)
    .option("--keep-trying", "do not end when the first attempt to connect fails");
  return withSshOptions(withForwardOptions(command)).action(
    (target: string, options: ForwardOptions & KeepForwardingOptions, self: Command) =>
      forward(target, options, self),
  );
}

/** `alknet socks`: a proxy here that leaves at a node. */
export function socksCommand(): Command {
  const command = new Command("socks")
    .description("a proxy (SOCKS 4, 4a, 5, HTTP CONNECT) on this machine that leaves at a node")
    .argument("<target>", SSH_TARGET)
    .option("--listen <address:port>", "where", "127.0.0.1:1080")
    .option("--danger-listen", "let other machines use it")
    .option("--keep-trying", "do not end when the first attempt to connect fails");
  return withSshOptions(command).action(
    (target: string, options: KeepForwardingOptions & { listen: string }, self: Command) =>
      keepForwarding(target, forwardSpecs({ D: [options.listen] }), options, contextOf(self)),
  );
}

async function forward(
  target: string,
  options: ForwardOptions & KeepForwardingOptions,
  self: Command,
): Promise<void> {
  const specs = forwardSpecs(options);
  if (specs.length === 0) {
    throw new CliError("Nothing to forward: give -L, -R or -D", ExitCode.Usage);
  }
  await keepForwarding(target, specs, options, contextOf(self));
}
