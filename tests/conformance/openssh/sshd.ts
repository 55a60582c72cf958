/**
 * The SSH handler in the place of OpenSSH's sshd, as far as OpenSSH's regression tests use one:
 * `sshd.ts -f CONFIG [-i | -t | -T | -D] [-o KEYWORD=VALUE]… [-E LOG]`. Without `-i`, `-t` and `-D` it
 * goes into the background once it listens, and removes its `PidFile` on SIGTERM.
 */
import { ALPN, type SshEvent } from "@alknet/ssh";
import { socketStream } from "@alknet/core/transport";
import { parseArgs } from "node:util";

import { standardStreams } from "../../e2e/support/ssh_stdio.ts";
import { configured } from "./configured.ts";
import { rekeyLimit, SshdConfig } from "./sshd_config.ts";

const CLIENT_BROKE_OFF = 255;

const { values: args } = parseArgs({
  options: {
    config: { type: "string", short: "f" },
    option: { type: "string", short: "o", multiple: true },
    port: { type: "string", short: "p" },
    log: { type: "string", short: "E" },
    inetd: { type: "boolean", short: "i" },
    test: { type: "boolean", short: "t" },
    show: { type: "boolean", short: "T" },
    foreground: { type: "boolean", short: "D" },
    debug: { type: "boolean", short: "d", multiple: true },
    quiet: { type: "boolean", short: "q" },
    stderr: { type: "boolean", short: "e" },
  },
});
const user = Deno.env.get("LOGNAME") ?? "root";

async function readConfig(): Promise<SshdConfig> {
  const text = await Deno.readTextFile(args.config ?? "");
  const port = args.port === undefined ? [] : [`Port=${args.port}`];
  return SshdConfig.parse(text, { user, options: [...port, ...args.option ?? []] });
}

function note(event: SshEvent): void {
  if (event.kind === "ssh.login") Deno.exitCode = 0;
  logLine(JSON.stringify(event));
}

function logLine(text: string): void {
  if (args.log) Deno.writeTextFileSync(args.log, `${text}\n`, { append: true });
}

async function serveStandardStreams(): Promise<void> {
  Deno.exitCode = CLIENT_BROKE_OFF;
  const { handler, identities } = await configured(await readConfig(), user, note);
  const { signal } = new AbortController();
  const auth = { alpn: ALPN, remoteAddr: { hostname: "UNKNOWN", port: 65_535 } };
  await handler.serve(standardStreams(), { auth, identities, signal });
  Deno.exit();
}

/** Reads its files for each connection anew, as sshd does that executes itself again. */
async function serveSocket(socket: Deno.TcpConn, signal: AbortSignal): Promise<void> {
  socket.setNoDelay(true);
  const stream = socketStream(socket);
  try {
    const { handler, identities } = await configured(await readConfig(), user, note);
    const auth = { alpn: ALPN, remoteAddr: socket.remoteAddr };
    await handler.serve(stream, { auth, identities, signal });
  } finally {
    stream.reset();
  }
}

async function listen(): Promise<void> {
  const config = await readConfig();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(config.one("port")) });
  const pidFile = config.one("pidfile") ?? "";
  const abort = new AbortController();
  Deno.addSignalListener("SIGTERM", () => {
    abort.abort();
    Deno.removeSync(pidFile);
    Deno.exit(0);
  });
  await Deno.writeTextFile(pidFile, `${Deno.pid}\n`);
  await Deno.stdout.write(new TextEncoder().encode("listening\n"));
  for await (const socket of listener) {
    serveSocket(socket, abort.signal).catch((error) => logLine(String(error)));
  }
}

/** Starts itself once more, and leaves when that listens. */
async function goToBackground(): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--unstable-net",
      import.meta.filename ?? "",
      "-D",
      ...Deno.args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    detached: true,
  }).spawn();
  const { done } = await child.stdout.getReader().read();
  Deno.exit(done ? 1 : 0);
}

/** Of what `sshd -T` shows, that which the tests look at. */
async function showConfig(): Promise<void> {
  const { bytes = 0, seconds = 0 } = rekeyLimit((await readConfig()).words("rekeylimit"));
  await Deno.stdout.write(new TextEncoder().encode(`rekeylimit ${bytes} ${seconds}\n`));
}

if (args.show) await showConfig();
else if (args.test) await configured(await readConfig(), user, note);
else if (args.inetd) await serveStandardStreams();
else if (args.foreground) await listen();
else await goToBackground();
