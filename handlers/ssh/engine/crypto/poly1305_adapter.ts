import loadPoly1305 from "ssh2/lib/protocol/crypto/poly1305.js";

/** As much of ssh2's WebAssembly module as is used. */
interface Poly1305Module {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  // deno-lint-ignore camelcase -- the module's own name
  _poly1305_auth(
    out: number,
    head: number,
    headBytes: number,
    body: number,
    bodyBytes: number,
    key: number,
  ): void;
}

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const MAX_INPUT_BYTES = 65_536;

interface Loaded {
  readonly module: Poly1305Module;
  readonly input: number;
  readonly key: number;
  readonly tag: number;
}

let loaded: Loaded | undefined;

/** Loads the module once; must have resolved before {@linkcode poly1305} is called. */
export async function loadPoly(): Promise<void> {
  if (loaded) return;
  const module: Poly1305Module = await loadPoly1305();
  loaded ??= {
    module,
    input: module._malloc(MAX_INPUT_BYTES),
    key: module._malloc(KEY_BYTES),
    tag: module._malloc(TAG_BYTES),
  };
}

/** Poly1305 (RFC 8439 section 2.5) of a message, written to `tag`. The key is used once. */
export function poly1305(message: Uint8Array, oneTimeKey: Uint8Array, tag: Uint8Array): void {
  if (!loaded || message.length > MAX_INPUT_BYTES) throw new RangeError("Cannot authenticate this");
  const { module, input, key, tag: out } = loaded;
  module.HEAPU8.set(message, input);
  module.HEAPU8.set(oneTimeKey, key);
  module._poly1305_auth(out, input, message.length, input, 0, key);
  tag.set(module.HEAPU8.subarray(out, out + TAG_BYTES));
}
