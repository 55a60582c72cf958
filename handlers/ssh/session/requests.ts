import type { TerminalSize } from "@alknet/core";

import { SshReader } from "../wire/ssh_reader.ts";

/** A terminal as a client asks for it (RFC 4254 section 6.2). Its modes are not taken up. */
export interface PtyRequest {
  /** The kind of terminal, for `TERM`. */
  readonly term: string;
  /** Its size. */
  readonly size: TerminalSize;
}

const MAX_TERM_CHARACTERS = 64;
const TERM = /^[\w.+-]+$/;
/** Kernels hold sizes in 16 bits. */
const MAX_CELLS = 65_535;

/** Reads a `pty-req`. */
export function readPtyRequest(data: Uint8Array): PtyRequest {
  const reader = new SshReader(data);
  const term = reader.text();
  const size = readSize(reader);
  reader.bytes(); // modes
  return { term: knownTerm(term), size };
}

/** The kind of terminal as given; `dumb` for what cannot be one. */
export function knownTerm(term: string): string {
  return TERM.test(term) && term.length <= MAX_TERM_CHARACTERS ? term : "dumb";
}

/** A size as far as a kernel can hold it; zero means that somebody does not know. */
export function sizeWithin({ columns, rows }: TerminalSize): TerminalSize {
  return { columns: clamp(columns, 80), rows: clamp(rows, 24) };
}

/** Reads a `window-change`. */
export function readWindowChange(data: Uint8Array): TerminalSize {
  return readSize(new SshReader(data));
}

/** Reads a request that holds one text: `exec`, `subsystem`, `signal`. */
export function readText(data: Uint8Array): string {
  const reader = new SshReader(data);
  const text = reader.text();
  reader.end();
  return text;
}

/** Reads an `env` request. */
export function readVariable(data: Uint8Array): { name: string; value: string } {
  const reader = new SshReader(data);
  const variable = { name: reader.text(), value: reader.text() };
  reader.end();
  return variable;
}

function readSize(reader: SshReader): TerminalSize {
  const columns = reader.uint32();
  const rows = reader.uint32();
  reader.uint32(); // pixels
  reader.uint32();
  return sizeWithin({ columns, rows });
}

/** Zero is RFC 4254 section 6.2's. */
function clamp(cells: number, otherwise: number): number {
  return cells === 0 ? otherwise : Math.min(cells, MAX_CELLS);
}
