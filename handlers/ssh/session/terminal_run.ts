import type { Stream, TerminalSize } from "@alknet/core";

import type { ProgramSpec, RunningProgram } from "./program.ts";
import type { Pty, PtyProvider } from "./pty.ts";

const BUFFER_BYTES = 4_096;

/** What a terminal shows, told to a recording. */
export interface TerminalRecorder {
  /** Something was shown; the terminal waits until it is recorded. */
  output(bytes: Uint8Array): Promise<void>;
  /** Its size has changed. */
  resize(size: TerminalSize): Promise<void>;
  /** The session is over. */
  end(): Promise<void>;
}

/** How a program is to run on a terminal. */
export interface TerminalRunOptions {
  /** Makes it. */
  readonly provider: PtyProvider;
  /** Its size. */
  readonly size: TerminalSize;
  /** Records it. Default: nothing is recorded. */
  readonly recorder?: TerminalRecorder | undefined;
  /** Something was typed, or was shown and taken. Default: nobody is told. */
  readonly onTraffic?: () => void;
}

/** Runs a program on a terminal; at the other end of the stream somebody sits at it. */
export async function runOnTerminal(
  stream: Stream,
  program: ProgramSpec,
  { provider, size, recorder, onTraffic = () => {} }: TerminalRunOptions,
): Promise<RunningProgram> {
  const pty = await opened(provider.open(program, size), recorder);
  type(stream, pty, onTraffic);
  const shown = show(stream, pty, { recorder, onTraffic });
  return {
    ended: shown.then(() => pty.ended).finally(() => recorder?.end()),
    signal: (name) => pty.signal(name),
    resize: (to) => {
      pty.resize(to);
      recorder?.resize(to);
    },
    hangUp: () => pty.hangUp(),
  };
}

/** A recording is over as well when there is nothing to record. */
async function opened(opening: Promise<Pty>, recorder?: TerminalRecorder): Promise<Pty> {
  try {
    return await opening;
  } catch (error) {
    await recorder?.end();
    throw error;
  }
}

async function type(stream: Stream, pty: Pty, onTraffic: () => void): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (;;) {
      const count = await stream.read(buffer);
      if (count === null) return;
      onTraffic();
      await pty.write(buffer.slice(0, count));
    }
  } catch {
    return; // the client is gone, which ends the program too
  }
}

/** To the client; a program whose client is gone is read to its end, so that it can end. */
async function show(
  stream: Stream,
  pty: Pty,
  { recorder, onTraffic }: Pick<TerminalRunOptions, "recorder"> & { onTraffic: () => void },
): Promise<void> {
  let listening = true;
  for (let bytes = await pty.read(); bytes !== null; bytes = await pty.read()) {
    await recorder?.output(bytes);
    if (listening) listening = await stream.write(bytes).then(() => true, () => false);
    if (listening) onTraffic();
  }
}
