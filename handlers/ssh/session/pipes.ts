import { endsWithin } from "@alknet/core/transport";

import type { Channel } from "../channel/channel.ts";
import {
  type ExitStatus,
  exitStatus,
  hangUpGroup,
  type ProgramSpec,
  type RunningProgram,
  signalGroup,
} from "./program.ts";

const BUFFER_BYTES = 65_536;

/** Time for a last write to see that its reader is gone; what the program left running may live on. */
const LAST_WRITE_MS = 500;

/** Runs a program without a terminal: its standard streams are the channel's. */
export function runWithPipes(channel: Channel, { argv, env, cwd }: ProgramSpec): RunningProgram {
  const [program, ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    env: { ...env },
    clearEnv: true,
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true, // a group of its own, so that signals reach its children too
  }).spawn();
  const fed = feed(channel, child.stdin);
  const [stdout, stderr] = [bytesOf(child.stdout), bytesOf(child.stderr)];
  const delivered = Promise.all([
    deliver(stdout, (bytes) => channel.write(bytes)),
    deliver(stderr, (bytes) => channel.writeError(bytes)),
  ]);
  const ended = async (): Promise<ExitStatus> => {
    await delivered;
    const status = await child.status;
    channel.stopReading(); // nobody is there who would
    await endsWithin(fed, LAST_WRITE_MS);
    return exitStatus(status);
  };
  return {
    ended: ended(),
    signal: (name) => signalGroup(child.pid, name),
    resize: () => {},
    hangUp: () => {
      const hungUp = hangUpGroup(child.pid, child.status);
      // What it left running elsewhere may hold the pipes open; nobody reads them any more.
      for (const reader of [stdout, stderr]) reader.cancel().catch(() => {});
      return hungUp;
    },
  };
}

/** To the program, until either side has had enough. */
async function feed(channel: Channel, stdin: WritableStream<Uint8Array>): Promise<void> {
  const writer = stdin.getWriter();
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (;;) {
      const count = await channel.read(buffer);
      if (count === null) break;
      await writer.write(buffer.subarray(0, count)); // done with when it resolves
    }
    await writer.close();
  } catch {
    // The program reads no more, or the client is gone: what still comes is thrown away.
    channel.stopReading();
    channel.tell("eow@openssh.com");
    await writer.abort().catch(() => {});
  }
}

/** What a program writes; a reader of bytes fills the same buffer again and again. */
function bytesOf(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader {
  return stream.getReader({ mode: "byob" });
}

/** From the program; when the client takes no more, the program sees a broken pipe. */
async function deliver(
  reader: ReadableStreamBYOBReader,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let buffer = new ArrayBuffer(BUFFER_BYTES);
  try {
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (done) return;
      await write(value);
      buffer = value.buffer; // the one that was handed in, which is of no use any more
    }
  } catch {
    await reader.cancel().catch(() => {});
  }
}
