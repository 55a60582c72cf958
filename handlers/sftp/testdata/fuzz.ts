import type { Stream } from "@alknet/core";
import fc from "fast-check";

import { encodeRequest, type FileBackend, serveSession } from "../mod.ts";
import { encodeInit } from "../wire/replies.ts";
import { requests } from "./arbitraries.ts";
import { streamPair } from "./support.ts";

/** Packets of one session; a session whose framing is broken ends. */
const SESSION_PACKETS = 500;
/** How many different packets mutations begin with. */
const TEMPLATES = 2_000;

type Sample = Parameters<typeof encodeRequest>[0];

/** What came of it. */
export interface FuzzResult {
  readonly packets: number;
  /** Bytes of answers the sessions gave. */
  readonly answeredBytes: number;
  readonly sessions: number;
}

/**
 * Sends requests with some bytes changed to sessions, until so many were sent. It returns once
 * every session has ended by itself; what a session throws but for the errors of the wire, it
 * throws.
 */
export async function fuzzSessions(
  files: () => FileBackend,
  { packets, seed }: { readonly packets: number; readonly seed: number },
): Promise<FuzzResult> {
  const templates = fc.sample(requests, { numRuns: TEMPLATES, seed })
    .map((request, index) => encodeRequest(likely(request, index)));
  const random = generator(seed);
  let sent = 0;
  let answeredBytes = 0;
  let sessions = 0;
  while (sent < packets) {
    const { near, far, close } = await streamPair();
    const serving = serveSession(far, files());
    const ended = serving.then(() => {}, (error: Error) => {
      far.reset();
      if (!["ProtocolError", "WireError", "StreamClosedError"].includes(error.name)) throw error;
    });
    const counting = countBytes(near);
    await near.write(encodeInit());
    try {
      for (let index = 0; index < SESSION_PACKETS && sent < packets; index++) {
        const template = templates[random(TEMPLATES)] ?? new Uint8Array();
        await near.write(mutated(template, random));
        sent++;
      }
      await near.closeWrite();
    } catch {
      // The session has ended at a packet that was none.
    }
    await ended;
    answeredBytes += await counting;
    sessions++;
    close();
  }
  return { packets: sent, answeredBytes, sessions };
}

const PATHS = ["/a", "/b", "/d", "/d/a", "/l", "/", "/d/../a"];

/** Most requests are made to name what may be there, so that more is reached than refusals. */
function likely(request: Sample, index: number): Sample {
  if (index % 5 === 0) return request;
  const changes: Record<string, unknown> = {};
  for (const name of Object.keys(request)) {
    if (["path", "from", "to", "target"].includes(name)) {
      changes[name] = PATHS[(index + name.length) % PATHS.length];
    }
    if (name === "handle") changes[name] = new Uint8Array([0, 0, 0, index % 6]);
    if (name === "flags") changes[name] = index % 64;
    if (name === "offset") changes[name] = index;
  }
  if (request.kind === "copyData") {
    changes.from = new Uint8Array([0, 0, 0, index % 6]);
    changes.to = new Uint8Array([0, 0, 0, index % 5]);
  }
  return { ...request, ...changes };
}

/** Changes a few bytes, most often not those of the length; handles become ones that may be open. */
function mutated(template: Uint8Array, random: (below: number) => number): Uint8Array {
  const packet = template.slice();
  const begin = random(200) === 0 ? 0 : 4;
  for (let change = random(4); change > 0; change--) {
    const at = begin + random(Math.max(1, packet.length - begin));
    packet[at] = random(3) === 0 ? random(8) : random(256);
  }
  return packet;
}

async function countBytes(stream: Stream): Promise<number> {
  const buffer = new Uint8Array(65_536);
  let bytes = 0;
  try {
    for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
      bytes += count;
    }
  } catch {
    // Ended with the session.
  }
  return bytes;
}

/** Numbers that a seed decides (mulberry32), so that a failure can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}
