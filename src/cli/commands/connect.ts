import type { Stream } from "@alknet/core";
import { Command } from "commander";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { dialAs, type DialCommandOptions, withDialOptions } from "../dialling.ts";
import { ALPNS_WITH_PROOF } from "../node/handlers.ts";

interface ConnectOptions extends DialCommandOptions {
  readonly alpn: string;
  readonly auth?: boolean;
}

const BUFFER_BYTES = 65_536;

/** `alknet connect`: a protocol's stream as standard input and output. */
export function connectCommand(): Command {
  const command = new Command("connect")
    .description("connect to a protocol of a node; standard input and output become its stream")
    .argument("<target>", "<node-id>@host:port, host:port, a ticket or a peer's name")
    .requiredOption("--alpn <name>", "the protocol, such as alknet/ssh")
    .option("--auth", "prove this node's key first (default: where the protocol is known to ask)")
    .option("--no-auth", "do not");
  return withVaultOptions(withDialOptions(command)).action(
    (target: string, options: ConnectOptions, self: Command) =>
      connect(target, options, contextOf(self)),
  );
}

async function connect(
  target: string,
  options: ConnectOptions,
  { paths }: CommandContext,
): Promise<void> {
  const proof = options.auth ?? ALPNS_WITH_PROOF.has(options.alpn);
  const { conn } = await dialAs(paths, target, options.alpn, { ...options, proof });
  // Who runs this as a ProxyCommand ends it with a signal: the other side shall know at once.
  const interrupted = untilInterrupted();
  const stream = await conn.openStream();
  const sending = sendInput(stream);
  sending.catch(() => conn.close());
  await Promise.race([receiveOutput(stream), interrupted]);
  conn.close();
}

function untilInterrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGHUP", "SIGTERM"] as const) Deno.addSignalListener(signal, resolve);
  return promise;
}

async function sendInput(stream: Stream): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let count = await Deno.stdin.read(buffer); count; count = await Deno.stdin.read(buffer)) {
    await stream.write(buffer.subarray(0, count));
  }
  await stream.closeWrite();
}

async function receiveOutput(stream: Stream): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (let count = await stream.read(buffer); count; count = await stream.read(buffer)) {
      for (let sent = 0; sent < count;) {
        sent += await Deno.stdout.write(buffer.subarray(sent, count));
      }
    }
  } catch (error) {
    // Whoever started this has had enough, as ssh has when it is done.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
