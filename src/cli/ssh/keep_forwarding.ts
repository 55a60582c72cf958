import type { CommandContext } from "../context.ts";
import type { ForwardSpec } from "./forward_spec.ts";
import { Forwards } from "./forwards.ts";
import { onSignal } from "./local_terminal.ts";
import { openSession, type SshCommandOptions } from "./open_session.ts";
import { reporter } from "./report.ts";
import { SessionLink } from "./session_link.ts";

/** Options of the commands that forward. */
export interface KeepForwardingOptions extends SshCommandOptions {
  readonly dangerListen?: boolean;
  readonly keepTrying?: boolean;
}

/** Somebody at a listener waits: a node that is gone is noticed after some fifteen seconds. */
const LIMITS = { keepAliveMs: 5_000, maxMissedKeepAlives: 2 };

/**
 * Forwards until this program is told to stop, over a session that is made anew whenever it is lost.
 *
 * @throws {CliError} When the node refuses, or the first attempt fails.
 */
export async function keepForwarding(
  target: string,
  specs: readonly ForwardSpec[],
  options: KeepForwardingOptions,
  { terminal, paths }: CommandContext,
): Promise<void> {
  const stop = new AbortController();
  using _int = onSignal("SIGINT", () => stop.abort());
  using _term = onSignal("SIGTERM", () => stop.abort());
  const onEvent = reporter(target, terminal);
  await using forwards = new Forwards(specs, { onEvent, dangerListen: options.dangerListen });
  const link = new SessionLink({
    connect: (signal) =>
      openSession(paths, target, { ...options, hooks: forwards.hooks, limits: LIMITS, signal }),
    attach: (session) => forwards.attach(session),
    onEvent,
    keepTrying: options.keepTrying,
    signal: stop.signal,
  });
  await forwards.listen(link);
  await link.run();
}
