import { encode } from "uqr";

/** Light modules around the code, which scanners need (ISO/IEC 18004 section 6.3.8). */
const QUIET_ZONE = 2;

/**
 * A QR code for the terminal, two modules a character, dark on light whatever the colours there.
 *
 * @param text What to encode.
 * @returns One string a line.
 */
export function qrLines(text: string): string[] {
  const { data } = encode(text, { ecc: "L", border: QUIET_ZONE });
  const rows: string[] = [];
  for (let y = 0; y < data.length; y += 2) {
    const upper = data[y] ?? [];
    const lower = data[y + 1] ?? upper.map(() => false);
    const cells = upper.map((dark, x) => BLOCKS[(dark ? 0 : 2) + (lower[x] ? 0 : 1)] ?? " ");
    rows.push(cells.join(""));
  }
  return rows;
}

/** Blocks paint the light modules: both dark, lower light, upper light, both light. */
const BLOCKS = [" ", "▄", "▀", "█"] as const;
