import type { RemoteProgram } from "@alknet/ssh";
import type { EscapeKeys, TypedKeys } from "./escape_keys.ts";
import { onSignal, terminalSize } from "./local_terminal.ts";

/** What {@linkcode runRemote} is told. */
export interface RunRemoteOptions {
  /** Whether it has a terminal, whose size follows the one here. */
  readonly hasPty: boolean;
  /** Finds what is meant for this program among the keys. Default: all go to the other side. */
  readonly escapes?: EscapeKeys;
  /** Whether standard input is left alone. Default: false. */
  readonly noInput?: boolean;
  /** Shows help about escapes. */
  help(): void;
}

/** How a remote program ended, as an exit code; "left" where this side had enough. */
export type RemoteOutcome =
  | { readonly code: number }
  | { readonly signal: string }
  | "lost"
  | "left";

const BUFFER_BYTES = 65_536;

/** Joins a program on the other side with this one's standard streams until it ends. */
export async function runRemote(
  program: RemoteProgram,
  options: RunRemoteOptions,
): Promise<RemoteOutcome> {
  const { promise: left, resolve: leave } = Promise.withResolvers<"left">();
  using _signals = passSignals(program, options, () => leave("left"));
  if (options.noInput) program.channel.closeWrite();
  else sendInput(program, options, () => leave("left"));
  const output = Promise.all([
    receive((buffer) => program.channel.read(buffer), Deno.stdout, () => program.channel.close()),
    receive((buffer) => program.channel.readError(buffer), Deno.stderr),
  ]).then(async (): Promise<RemoteOutcome> => await program.ended ?? "lost");
  return await Promise.race([output, left]);
}

/** A terminal's keys come as bytes; without one, signals are passed on, and a second one leaves. */
function passSignals(
  program: RemoteProgram,
  { hasPty }: RunRemoteOptions,
  leave: () => void,
): Disposable {
  const stack = new DisposableStack();
  let hasPassed = false;
  const pass = (name: string): void => {
    if (hasPty || hasPassed) return leave();
    hasPassed = true;
    program.signal(name);
  };
  for (const name of ["INT", "TERM", "HUP"] as const) {
    stack.use(onSignal(`SIG${name}`, () => pass(name)));
  }
  if (hasPty) stack.use(onSignal("SIGWINCH", () => program.resize(terminalSize())));
  return stack;
}

/** Nobody waits for it: input goes on for as long as somebody types. */
async function sendInput(
  { channel }: RemoteProgram,
  { escapes, help }: RunRemoteOptions,
  leave: () => void,
): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (;;) {
      const count = await Deno.stdin.read(buffer);
      if (count === null) return await channel.closeWrite();
      const bytes = buffer.subarray(0, count);
      const { forward, command }: TypedKeys = escapes?.push(bytes) ?? { forward: bytes.slice() };
      if (forward.length > 0) await channel.write(forward);
      if (command === "leave") return leave();
      if (command === "help") help();
    }
  } catch {
    return; // the program has ended, or takes no more: how, is told elsewhere
  }
}

async function receive(
  read: (buffer: Uint8Array) => Promise<number | null>,
  output: { write(bytes: Uint8Array): Promise<number> },
  onDeaf: () => void = () => {},
): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (let count = await read(buffer); count !== null; count = await read(buffer)) {
      for (let sent = 0; sent < count;) sent += await output.write(buffer.subarray(sent, count));
    }
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) onDeaf(); // whoever read this has had enough
    else if (!isConnectionLost(error)) throw error;
  }
}

function isConnectionLost(error: unknown): boolean {
  return error instanceof Error && error.name === "ConnectionClosedError";
}
