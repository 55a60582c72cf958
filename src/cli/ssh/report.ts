import { plainText } from "@alknet/ssh";
import type { Terminal } from "../terminal.ts";
import type { ForwardEvent } from "./forwards.ts";
import type { LinkEvent } from "./session_link.ts";

/** Tells what happens: people on standard error, programs as JSON on standard output. */
export function reporter(
  target: string,
  terminal: Terminal,
): (event: LinkEvent | ForwardEvent) => void {
  return (event) => {
    terminal.data(event);
    if (!terminal.json) terminal.note(`alknet: ${plainText(textOf(event, target))}`);
  };
}

function textOf(event: LinkEvent | ForwardEvent, target: string): string {
  switch (event.event) {
    case "connected":
      return `Connected to ${target}`;
    case "lost":
      return `No connection to ${target}: ${event.reason}; again in ${seconds(event.retryInMs)} s`;
    case "listening":
      return `Listening ${event.side} on ${event.address} for ${event.forward}`;
    case "failed":
      return `${event.forward}: ${event.reason}`;
  }
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
