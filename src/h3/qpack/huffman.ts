import { END_OF_STRING, HUFFMAN_CODES } from "./huffman_code.ts";

/** How many bytes a string takes in Huffman code (RFC 7541 section 5.2). */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) bits += codeOf(text.charCodeAt(index)).length;
  return Math.ceil(bits / 8);
}

/** Writes a string in Huffman code; returns the offset behind it. */
export function writeHuffman(bytes: Uint8Array, offset: number, text: string): number {
  let [pending, count] = [0, 0];
  for (let index = 0; index < text.length; index++) {
    const { bits, length } = codeOf(text.charCodeAt(index));
    pending = pending * 2 ** length + bits; // below 2^38: exact
    for (count += length; count >= 8; count -= 8) {
      const unit = 2 ** (count - 8);
      const byte = Math.floor(pending / unit);
      bytes[offset++] = byte;
      pending -= byte * unit;
    }
  }
  if (count > 0) bytes[offset++] = (pending << (8 - count)) | (0xff >> count); // padded with ones
  return offset;
}

/**
 * Reads a string in Huffman code.
 *
 * @returns Undefined when the code is broken: an end mark within, or a padding that is longer than
 * seven bits or not all ones.
 */
export function readHuffman(bytes: Uint8Array): string | undefined {
  const table = STEPS ??= buildSteps();
  let text = "";
  let state = 0;
  for (const byte of bytes) {
    for (const nibble of [byte >> 4, byte & 15]) {
      const step = table[state * 16 + nibble] ?? BROKEN;
      if (step === BROKEN) return undefined;
      if (step & EMITS) text += String.fromCharCode(step & 0xff);
      state = step >> 9;
    }
  }
  return PADDING_STATES.has(state) ? text : undefined;
}

function codeOf(byte: number): { bits: number; length: number } {
  return HUFFMAN_CODES[byte] ?? { bits: 0, length: 0 };
}

const BROKEN = -1;
const EMITS = 0x100;

/** What half a byte does in each state: the next state, and a symbol where one is complete. */
let STEPS: Int32Array | undefined;
/** States in which a string may end: at most seven ones since the last symbol. */
const PADDING_STATES = new Set<number>();

/** A node of the code's tree: two children, or a symbol. */
interface Node {
  readonly id: number;
  readonly children: (Node | number | undefined)[];
}

function buildSteps(): Int32Array {
  const nodes = buildTree();
  let node: Node | number | undefined = nodes[0];
  for (let ones = 0; ones < 8 && typeof node === "object"; ones++, node = node.children[1]) {
    PADDING_STATES.add(node.id);
  }
  return Int32Array.from({ length: nodes.length * 16 }, (_, index) => {
    const start = nodes[index >> 4];
    return start ? stepFrom(start, index & 15, nodes) : BROKEN;
  });
}

function stepFrom(start: Node, nibble: number, nodes: readonly Node[]): number {
  let [node, emitted] = [start, 0];
  for (let bit = 3; bit >= 0; bit--) {
    const next = node.children[nibble >> bit & 1];
    if (next === undefined || next === END_OF_STRING) return BROKEN;
    if (typeof next === "object") node = next;
    else {
      emitted = EMITS | next;
      node = nodes[0] ?? start;
    }
  }
  return node.id << 9 | emitted;
}

function buildTree(): Node[] {
  const root: Node = { id: 0, children: [] };
  const nodes = [root];
  HUFFMAN_CODES.forEach(({ bits, length }, symbol) => {
    let node = root;
    for (let left = length - 1; left > 0; left--) {
      const bit = Math.floor(bits / 2 ** left) % 2;
      const child = node.children[bit];
      if (typeof child === "object") node = child;
      else nodes.push(node = node.children[bit] = { id: nodes.length, children: [] });
    }
    node.children[bits % 2] = symbol;
  });
  return nodes;
}
