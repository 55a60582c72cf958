import type { Channel } from "../channel/channel.ts";
import type { ProgramSpec, RunningProgram, TerminalSize } from "./program.ts";
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

/** Runs a program on a terminal that the channel sits at. */
export async function runOnTerminal(
  channel: Channel,
  program: ProgramSpec,
  { provider, size, recorder }: {
    readonly provider: PtyProvider;
    readonly size: TerminalSize;
    readonly recorder?: TerminalRecorder;
  },
): Promise<RunningProgram> {
  const pty = await provider.open(program, size);
  type(channel, pty);
  const shown = show(channel, pty, recorder);
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

async function type(channel: Channel, pty: Pty): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (;;) {
      const count = await channel.read(buffer);
      if (count === null) return;
      await pty.write(buffer.slice(0, count));
    }
  } catch {
    return; // the client is gone, which ends the program too
  }
}

/** To the client; a program whose client is gone is read to its end, so that it can end. */
async function show(channel: Channel, pty: Pty, recorder?: TerminalRecorder): Promise<void> {
  let listening = true;
  for (let bytes = await pty.read(); bytes !== null; bytes = await pty.read()) {
    await recorder?.output(bytes);
    if (listening) listening = await channel.write(bytes).then(() => true, () => false);
  }
}
