import type { AuditEntry } from "@alknet/store";
import { Command } from "commander";
import { type CommandContext, contextOf } from "../context.ts";
import { openConfiguredStore } from "../node/open_store.ts";
import { untilStopped } from "../node/signals.ts";
import type { Terminal } from "../terminal.ts";

interface AuditOptions {
  readonly follow?: boolean;
  readonly limit: number;
  readonly kind?: string;
  readonly peer?: string;
}

/** `alknet audit`: who did what. */
export function auditCommand(): Command {
  return new Command("audit")
    .description("show security events: who came, who was refused, who changed what")
    .option("-f, --follow", "go on showing events as they happen, in any process")
    .option("-n, --limit <n>", "how many past events", Number, 50)
    .option("--kind <kind>", "only events of this kind, such as auth.not-accepted")
    .option("--peer <name>", "only events of this peer")
    .action((options: AuditOptions, command: Command) => audit(options, contextOf(command)));
}

async function audit(options: AuditOptions, { terminal, paths }: CommandContext): Promise<void> {
  const { limit, kind, peer } = options;
  await using store = await openConfiguredStore(paths);
  const stop = new AbortController();
  const following = options.follow ? store.audit.follow(stop.signal) : undefined;
  for (const entry of await store.audit.list({ limit, kind, peer })) print(entry, terminal);
  if (!following) return;
  untilStopped({ reload: () => Promise.resolve(), stopping: () => stop.abort() });
  for await (const entry of following) {
    const wanted = (!kind || entry.kind === kind) && (!peer || entry.peer === peer);
    if (wanted) print(entry, terminal);
  }
}

function print(entry: AuditEntry, terminal: Terminal): void {
  const { at, kind, peer, remote, detail, fingerprint } = entry;
  terminal.data(entry);
  const key = fingerprint && !peer ? `${fingerprint.slice(0, 20)}…` : undefined;
  const rest = [peer ?? key, remote && `from ${remote}`, detail].filter(Boolean).join("  ");
  const time = terminal.style.dim(at.toISOString().slice(0, 19).replace("T", " "));
  terminal.line(`${time}  ${kind.padEnd(20)}  ${rest}`.trimEnd());
}
