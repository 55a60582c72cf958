import type { AesGcm, CipherKit, StreamCipher } from "./cipher_kit.ts";

/** OpenSSL 3, whose interface stays as it is until OpenSSL 4. */
const LIBRARY = "libcrypto.so.3";

const SYMBOLS = {
  EVP_CIPHER_fetch: { parameters: ["pointer", "buffer", "pointer"], result: "pointer" },
  EVP_CIPHER_free: { parameters: ["pointer"], result: "void" },
  EVP_CIPHER_CTX_new: { parameters: [], result: "pointer" },
  EVP_CIPHER_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_CipherInit_ex2: {
    parameters: ["pointer", "pointer", "buffer", "buffer", "i32", "pointer"],
    result: "i32",
  },
  EVP_CipherUpdate: { parameters: ["pointer", "buffer", "buffer", "buffer", "i32"], result: "i32" },
  EVP_CipherFinal_ex: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  EVP_CIPHER_CTX_ctrl: { parameters: ["pointer", "i32", "i32", "buffer"], result: "i32" },
  EVP_MAC_fetch: { parameters: ["pointer", "buffer", "pointer"], result: "pointer" },
  EVP_MAC_free: { parameters: ["pointer"], result: "void" },
  EVP_MAC_CTX_new: { parameters: ["pointer"], result: "pointer" },
  EVP_MAC_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_MAC_init: { parameters: ["pointer", "buffer", "usize", "pointer"], result: "i32" },
  EVP_MAC_update: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  EVP_MAC_final: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;
type Symbols = Library["symbols"];
type Algorithm = "ChaCha20" | "AES-128-GCM" | "AES-256-GCM";

const ALGORITHMS: readonly Algorithm[] = ["ChaCha20", "AES-128-GCM", "AES-256-GCM"];
/** EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG. */
const GET_TAG = 0x10;
const SET_TAG = 0x11;
const TAG_BYTES = 16;
const TAG_SIZE = BigInt(TAG_BYTES);
const POLY_KEY_BYTES = 32;
const POLY_KEY_SIZE = BigInt(POLY_KEY_BYTES);
const CHACHA_KEY_BYTES = 32;
const CHACHA_NONCE_BYTES = 16;
const AES_128_KEY_BYTES = 16;
const AES_256_KEY_BYTES = 32;
const GCM_NONCE_BYTES = 12;
/** `size_t` and `int` that OpenSSL writes and nobody reads. */
const WRITTEN = new Uint8Array(8);

/** OpenSSL has refused something that it must be able to do. */
export class OpenSslError extends Error {
  override readonly name = "OpenSslError";
}

/**
 * Ciphers of the OpenSSL that is installed, called without a copy: node:crypto of Deno needs three
 * times as long for ChaCha20 and forty times as long for AES-GCM (docs/bench.md).
 *
 * @returns Undefined without the permission, the library or one of the ciphers.
 */
export function openSslKit(): CipherKit | undefined {
  const library = open();
  if (!library) return undefined;
  try {
    return new OpenSslKit(library);
  } catch (error) {
    library.close();
    if (error instanceof OpenSslError) return undefined; // built without it, or forbidden to use it
    throw error;
  }
}

function open(): Library | undefined {
  const permission = { name: "ffi", path: LIBRARY } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return undefined;
  try {
    return Deno.dlopen(LIBRARY, SYMBOLS);
  } catch {
    return undefined; // not installed, or not for this system
  }
}

class OpenSslKit implements CipherKit {
  readonly #library: Library;
  readonly #ciphers = new Map<Algorithm, Deno.PointerObject>();
  readonly #mac: Deno.PointerObject;
  readonly #macContext: Deno.PointerObject;

  constructor(library: Library) {
    this.#library = library;
    const { EVP_CIPHER_fetch, EVP_MAC_fetch, EVP_MAC_CTX_new } = library.symbols;
    for (const name of ALGORITHMS) {
      this.#ciphers.set(name, present(EVP_CIPHER_fetch(null, cString(name), null)));
    }
    this.#mac = present(EVP_MAC_fetch(null, cString("POLY1305"), null));
    this.#macContext = present(EVP_MAC_CTX_new(this.#mac));
  }

  chaCha20(key: Uint8Array): StreamCipher {
    sized(key, CHACHA_KEY_BYTES);
    return new OpenSslStream(this.#context("ChaCha20", key, CHACHA_NONCE_BYTES));
  }

  aesGcm(key: Uint8Array, use: "seal" | "open"): AesGcm {
    const name = key.length === AES_128_KEY_BYTES ? "AES-128-GCM" : "AES-256-GCM";
    if (name === "AES-256-GCM") sized(key, AES_256_KEY_BYTES);
    return new OpenSslGcm(this.#context(name, key, GCM_NONCE_BYTES, use === "seal" ? 1 : 0));
  }

  poly1305(message: Uint8Array, oneTimeKey: Uint8Array, tag: Uint8Array): void {
    const { EVP_MAC_init, EVP_MAC_update, EVP_MAC_final } = this.#library.symbols;
    sized(oneTimeKey, POLY_KEY_BYTES);
    sized(tag, TAG_BYTES);
    done(EVP_MAC_init(this.#macContext, oneTimeKey, POLY_KEY_SIZE, null));
    done(EVP_MAC_update(this.#macContext, message, BigInt(message.length)));
    done(EVP_MAC_final(this.#macContext, tag, WRITTEN, TAG_SIZE));
  }

  [Symbol.dispose](): void {
    const { EVP_CIPHER_free, EVP_MAC_free, EVP_MAC_CTX_free } = this.#library.symbols;
    for (const cipher of this.#ciphers.values()) EVP_CIPHER_free(cipher);
    EVP_MAC_CTX_free(this.#macContext);
    EVP_MAC_free(this.#mac);
    this.#library.close();
  }

  #context(name: Algorithm, key: Uint8Array, nonceBytes: number, encrypts: 0 | 1 = 1): Context {
    const cipher = present(this.#ciphers.get(name) ?? null);
    return new Context(this.#library.symbols, { cipher, key, nonceBytes, encrypts });
  }
}

interface ContextOptions {
  readonly cipher: Deno.PointerObject;
  readonly key: Uint8Array;
  readonly nonceBytes: number;
  readonly encrypts: 0 | 1;
}

/** An EVP_CIPHER_CTX with its key. */
class Context {
  readonly #symbols: Symbols;
  readonly #encrypts: 0 | 1;
  readonly #nonceBytes: number;
  #pointer?: Deno.PointerObject;

  constructor(symbols: Symbols, { cipher, key, nonceBytes, encrypts }: ContextOptions) {
    this.#symbols = symbols;
    this.#encrypts = encrypts;
    this.#nonceBytes = nonceBytes;
    this.#pointer = present(symbols.EVP_CIPHER_CTX_new());
    done(symbols.EVP_CipherInit_ex2(this.#pointer, cipher, key, null, encrypts, null));
  }

  begin(nonce: Uint8Array): void {
    sized(nonce, this.#nonceBytes);
    const { EVP_CipherInit_ex2 } = this.#symbols;
    done(EVP_CipherInit_ex2(this.#live(), null, null, nonce, this.#encrypts, null));
  }

  /** Authenticates without sealing. */
  authenticate(bytes: Uint8Array): void {
    const { EVP_CipherUpdate } = this.#symbols;
    done(EVP_CipherUpdate(this.#live(), null, WRITTEN, bytes, bytes.length));
  }

  update(bytes: Uint8Array): void {
    const { EVP_CipherUpdate } = this.#symbols;
    done(EVP_CipherUpdate(this.#live(), bytes, WRITTEN, bytes, bytes.length));
  }

  /** Whether OpenSSL is content with the end. */
  finish(): boolean {
    return this.#symbols.EVP_CipherFinal_ex(this.#live(), WRITTEN, WRITTEN) === 1;
  }

  tag(what: typeof GET_TAG | typeof SET_TAG, tag: Uint8Array): void {
    sized(tag, TAG_BYTES);
    done(this.#symbols.EVP_CIPHER_CTX_ctrl(this.#live(), what, TAG_BYTES, tag));
  }

  free(): void {
    if (this.#pointer) this.#symbols.EVP_CIPHER_CTX_free(this.#pointer);
    this.#pointer = undefined;
  }

  /** What was freed is never handed to OpenSSL again. */
  #live(): Deno.PointerObject {
    if (!this.#pointer) throw new OpenSslError("Cannot use a cipher that was freed");
    return this.#pointer;
  }
}

class OpenSslStream implements StreamCipher {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  begin(nonce: Uint8Array): void {
    this.#context.begin(nonce);
  }

  apply(bytes: Uint8Array): void {
    this.#context.update(bytes);
  }

  end(): void {}

  free(): void {
    this.#context.free();
  }
}

class OpenSslGcm implements AesGcm {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  seal(nonce: Uint8Array, head: Uint8Array, body: Uint8Array, tag: Uint8Array): void {
    this.#context.begin(nonce);
    this.#context.authenticate(head);
    this.#context.update(body);
    if (!this.#context.finish()) throw new OpenSslError("Cannot seal a packet");
    this.#context.tag(GET_TAG, tag);
  }

  open(nonce: Uint8Array, head: Uint8Array, body: Uint8Array, tag: Uint8Array): boolean {
    this.#context.begin(nonce);
    this.#context.tag(SET_TAG, tag);
    this.#context.authenticate(head);
    this.#context.update(body);
    return this.#context.finish();
  }

  free(): void {
    this.#context.free();
  }
}

function present(pointer: Deno.PointerValue): Deno.PointerObject {
  if (pointer === null) throw new OpenSslError("OpenSSL does not have what is needed");
  return pointer;
}

function done(result: number): void {
  if (result !== 1) throw new OpenSslError("OpenSSL could not do what was asked");
}

/** OpenSSL reads and writes as much as it thinks there is. */
function sized(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new OpenSslError(`Cannot use ${bytes.length} bytes here`);
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
