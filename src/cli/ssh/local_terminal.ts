import type { TerminalSize } from "@alknet/core";

const FALLBACK: TerminalSize = { columns: 80, rows: 24 };

/** The size of the terminal that this program runs on, or that of a VT100. */
export function terminalSize(): TerminalSize {
  try {
    return Deno.consoleSize();
  } catch {
    return FALLBACK; // there is none
  }
}

/** Hands every key on as it is typed, until disposed of; nothing where input is no terminal. */
export function rawKeys(): Disposable {
  const isTerminal = Deno.stdin.isTerminal();
  if (isTerminal) Deno.stdin.setRaw(true);
  return {
    [Symbol.dispose]() {
      if (isTerminal) Deno.stdin.setRaw(false);
    },
  };
}

/** Calls back at a signal until disposed of. */
export function onSignal(signal: Deno.Signal, action: () => void): Disposable {
  Deno.addSignalListener(signal, action);
  return { [Symbol.dispose]: () => Deno.removeSignalListener(signal, action) };
}
