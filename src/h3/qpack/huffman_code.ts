/** Code length of each byte and, last, of the end mark, in bits (RFC 7541 appendix B). */
const LENGTHS: readonly number[] = [
  "13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28",
  "28 28 28 28 28 28 28 28 6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6",
  "5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 13 6 7 7 7 7 7 7",
  "7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6",
  "15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7",
  "7 7 7 15 11 14 13 28 20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23",
  "24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21",
  "23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23",
  "26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24",
  "21 21 26 26 28 27 27 27 20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23",
  "26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26 30",
].flatMap((row) => row.split(" ").map(Number));

/** Number of the end mark. */
export const END_OF_STRING = 256;

/** A symbol's code: its bits as a number, and how many there are. */
export interface HuffmanCode {
  readonly bits: number;
  readonly length: number;
}

/** The codes by symbol. The code is canonical: in order of length, then of symbol, it counts up. */
export const HUFFMAN_CODES: readonly HuffmanCode[] = canonicalCodes();

function canonicalCodes(): HuffmanCode[] {
  const order = LENGTHS.map((length, symbol) => ({ length, symbol }))
    .sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const codes: HuffmanCode[] = [];
  let [bits, previous] = [-1, 0];
  for (const { length, symbol } of order) {
    bits = (bits + 1) * 2 ** (length - previous);
    previous = length;
    codes[symbol] = { bits, length };
  }
  return codes;
}
