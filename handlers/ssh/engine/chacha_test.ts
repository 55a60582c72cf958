import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { createCipher, createDecipher } from "ssh2/lib/protocol/crypto.js";

import { SshProtocolError } from "../errors.ts";
import { ChaChaCipher, ChaChaDecipher } from "./chacha_adapter.ts";
import { loadCrypto } from "./ssh2_protocol_adapter.ts";

const KEYS = { main: Buffer.alloc(32, 1), length: Buffer.alloc(32, 2) };
const KEY = Buffer.concat([KEYS.main, KEYS.length]);
const INFO = { sslName: "chacha20", blockLen: 8, keyLen: 64, ivLen: 0, authLen: 16 };
const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), {
  minLength: 1,
  maxLength: 5,
});

/** The bytes that one cipher makes of some payloads. */
function seal(cipher: ChaChaCipher, all: readonly Uint8Array[]): void {
  for (const payload of all) {
    const packet = cipher.allocPacket(payload.length);
    packet.set(payload, 5);
    cipher.encrypt(packet);
  }
}

Deno.test({
  name: "ChaChaCipher makes packets that ssh2 opens, and opens those it makes",
  sanitizeResources: false, // ssh2 leaves its ciphers unfinished: that is why ours exist
  fn: async () => {
    await loadCrypto();
    fc.assert(fc.property(payloads, fc.nat(2 ** 32 - 10), (all, sequence) => {
      const ours: Uint8Array[] = [];
      seal(new ChaChaCipher(KEYS, sequence, (bytes) => ours.push(bytes)), all);
      const opened: Uint8Array[] = [];
      const onPayload = (payload: Uint8Array) => void opened.push(new Uint8Array(payload));
      const inbound = { seqno: sequence, onPayload, decipherInfo: INFO, decipherKey: KEY };
      const bytes = Buffer.concat(ours);
      createDecipher({ inbound }).decrypt(bytes, 0, bytes.length);
      deepStrictEqual(opened, all);

      const theirs: Uint8Array[] = [];
      const onWrite = (written: Uint8Array) => theirs.push(written);
      seal(
        createCipher({
          outbound: { seqno: sequence, onWrite, cipherInfo: INFO, cipherKey: KEY },
        }),
        all,
      );
      const back: Uint8Array[] = [];
      const decipher = new ChaChaDecipher(
        KEYS,
        sequence,
        (payload) => void back.push(new Uint8Array(payload)),
      );
      const sealed = Buffer.concat(theirs);
      decipher.decrypt(sealed, 0, sealed.length);
      deepStrictEqual(back, all);
    }));
  },
});

Deno.test("ChaChaDecipher takes its bytes in any pieces", async () => {
  await loadCrypto();
  fc.assert(fc.property(payloads, fc.array(fc.integer({ min: 1, max: 700 })), (all, cuts) => {
    const sealed: Uint8Array[] = [];
    seal(new ChaChaCipher(KEYS, 7, (bytes) => sealed.push(bytes)), all);
    const bytes = Buffer.concat(sealed);
    const opened: Uint8Array[] = [];
    const decipher = new ChaChaDecipher(
      KEYS,
      7,
      (payload) => void opened.push(new Uint8Array(payload)),
    );
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + (cuts.shift() ?? bytes.length));
      decipher.decrypt(bytes, at, end);
      at = end;
    }
    deepStrictEqual(opened, all);
  }));
});

Deno.test("ChaChaDecipher refuses every packet that was changed", async () => {
  await loadCrypto();
  const flips = fc.record({ at: fc.nat(100_000), bit: fc.nat(7) });
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), flips, (payload, flip) => {
    const sealed: Uint8Array[] = [];
    seal(new ChaChaCipher(KEYS, 9, (bytes) => sealed.push(bytes)), [payload]);
    const bytes = new Uint8Array(sealed[0] ?? []);
    const at = flip.at % bytes.length;
    bytes[at] = (bytes[at] ?? 0) ^ (1 << flip.bit);
    let opened = 0;
    const decipher = new ChaChaDecipher(KEYS, 9, () => void opened++);
    try {
      decipher.decrypt(bytes, 0, bytes.length);
    } catch (error) {
      strictEqual(error instanceof SshProtocolError, true);
    }
    strictEqual(opened, 0);
  }));
});

Deno.test("ChaChaDecipher refuses a length that no packet has, before it waits for it", async () => {
  await loadCrypto();
  const decipher = new ChaChaDecipher(KEYS, 0, () => {});
  const sequence = Array.from({ length: 50 }, (_, index) => index);
  throws(() => {
    for (const byte of sequence) decipher.decrypt(new Uint8Array([byte]), 0, 1);
  }, SshProtocolError);
});
