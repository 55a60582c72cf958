import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { createCipher, createDecipher } from "ssh2/lib/protocol/crypto.js";

import { SshProtocolError } from "../errors.ts";
import { Message } from "../wire/message.ts";
import { ChaChaAead } from "./chacha_aead.ts";
import type { CipherKit } from "./crypto/cipher_kit.ts";
import { NODE_KIT } from "./crypto/node_crypto_adapter.ts";
import { OpenSslError, openSslKit } from "./crypto/openssl_adapter.ts";
import { GcmAead } from "./gcm_aead.ts";
import type { PacketAead } from "./packet_aead.ts";
import { PacketCipher, type PacketRoom } from "./packet_cipher_adapter.ts";
import { PacketDecipher } from "./packet_decipher_adapter.ts";
import { loadCrypto } from "./ssh2_protocol_adapter.ts";

/** A cipher as ours and as ssh2 has it. */
interface Subject {
  readonly name: string;
  readonly info: object;
  /** ssh2 takes the key in one piece, and goes on from the nonce it is given. */
  readonly key: Buffer;
  readonly nonce: Buffer;
  readonly aead: (kit: CipherKit, use: "seal" | "open") => PacketAead;
}

const GCM = { blockLen: 16, ivLen: 12, authLen: 16 };
/** The lowest bytes are about to overflow. */
const NONCE = Buffer.from([1, 2, 3, 4, 0, 0, 0, 0, 0, 255, 255, 254]);
const MAIN = Buffer.alloc(32, 1);
const LENGTH = Buffer.alloc(32, 2);
const SUBJECTS: readonly Subject[] = [
  {
    name: "chacha20-poly1305",
    info: { sslName: "chacha20", blockLen: 8, keyLen: 64, ivLen: 0, authLen: 16 },
    key: Buffer.concat([MAIN, LENGTH]),
    nonce: Buffer.alloc(0),
    aead: (kit) => new ChaChaAead(kit, { main: MAIN, length: LENGTH }),
  },
  ...[16, 32].map((keyLen): Subject => ({
    name: `aes${keyLen * 8}-gcm`,
    info: { ...GCM, sslName: `aes-${keyLen * 8}-gcm`, keyLen },
    key: Buffer.alloc(keyLen, 3),
    nonce: NONCE,
    aead: (kit, use) => new GcmAead(kit, { key: Buffer.alloc(keyLen, 3), nonce: NONCE }, use),
  })),
];

/** Every kit there is here. */
const KITS: readonly [name: string, open: () => CipherKit | undefined][] = [
  ["OpenSSL", openSslKit],
  ["node:crypto", () => NODE_KIT],
];

const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), {
  minLength: 1,
  maxLength: 5,
});

/** Collects packets. */
class Sealed implements PacketRoom {
  readonly packets: Uint8Array[] = [];
  #reserved = new Uint8Array(0);

  get bytes(): Buffer {
    return Buffer.concat(this.packets);
  }

  reserve(bytes: number): Uint8Array {
    return this.#reserved = new Uint8Array(bytes).fill(0xee);
  }

  commit(bytes: number): void {
    this.packets.push(this.#reserved.subarray(0, bytes));
  }
}

function seal(aead: PacketAead, sequence: number, all: readonly Uint8Array[]): Buffer {
  const sealed = new Sealed();
  const cipher = new PacketCipher(aead, sequence, sealed);
  for (const [index, payload] of all.entries()) {
    if (index % 2 === 0) cipher.seal(payload.subarray(0, 3), payload.subarray(3));
    else {
      const packet = cipher.allocPacket(payload.length);
      packet.set(payload, 5);
      cipher.encrypt(packet);
    }
  }
  cipher.free();
  cipher.seal(new Uint8Array(9)); // it seals nothing any more
  return sealed.bytes;
}

for (const [kitName, open] of KITS) {
  for (const { name, info, key, nonce, aead } of SUBJECTS) {
    const title = `${name} of ${kitName}`;

    const withKit = async (body: (kit: CipherKit) => void): Promise<void> => {
      using _lease = await loadCrypto();
      using kit = open();
      if (kit) body(kit);
      else ok(Deno.build.os !== "linux", "OpenSSL 3 is on every machine that runs these tests");
    };

    Deno.test({
      name: `${title} makes packets that ssh2 opens, and opens those it makes`,
      sanitizeResources: false, // ssh2 leaves its ciphers unfinished: that is why ours exist
      fn: () =>
        withKit((kit) => {
          fc.assert(fc.property(payloads, fc.nat(2 ** 32 - 10), (all, seqno) => {
            const opened: Uint8Array[] = [];
            const onPayload = (payload: Uint8Array) => void opened.push(new Uint8Array(payload));
            const theirs = { decipherInfo: info, decipherKey: key, decipherIV: Buffer.from(nonce) };
            const bytes = seal(aead(kit, "seal"), seqno, all);
            createDecipher({ inbound: { ...theirs, seqno, onPayload } })
              .decrypt(bytes, 0, bytes.length);
            deepStrictEqual(opened, all);

            const written: Uint8Array[] = [];
            const onWrite = (part: Uint8Array) => written.push(part);
            const outbound = { cipherInfo: info, cipherKey: key, cipherIV: Buffer.from(nonce) };
            const cipher = createCipher({ outbound: { ...outbound, seqno, onWrite } });
            for (const payload of all) {
              const packet = cipher.allocPacket(payload.length);
              packet.set(payload, 5);
              cipher.encrypt(packet);
            }
            const sealed = Buffer.concat(written);
            const back: Uint8Array[] = [];
            const decipher = new PacketDecipher(
              aead(kit, "open"),
              seqno,
              (payload) => void back.push(new Uint8Array(payload)),
            );
            decipher.decrypt(sealed, 0, sealed.length);
            decipher.free();
            deepStrictEqual(back, all);
          }));
        }),
    });

    Deno.test(`${title} takes its bytes in any pieces`, () =>
      withKit((kit) => {
        const cuts = fc.array(fc.integer({ min: 1, max: 700 }));
        fc.assert(fc.property(payloads, cuts, (all, cuts) => {
          const bytes = seal(aead(kit, "seal"), 7, all);
          const opened: Uint8Array[] = [];
          const decipher = new PacketDecipher(
            aead(kit, "open"),
            7,
            (payload) => void opened.push(new Uint8Array(payload)),
          );
          for (let at = 0; at < bytes.length;) {
            const end = Math.min(bytes.length, at + (cuts.shift() ?? bytes.length));
            decipher.decrypt(bytes, at, end);
            at = end;
          }
          decipher.free();
          deepStrictEqual(opened, all);
        }));
      }));

    Deno.test(`${title} refuses every packet that was changed`, () =>
      withKit((kit) => {
        const flips = fc.record({ at: fc.nat(100_000), bit: fc.nat(7) });
        const payload = fc.uint8Array({ minLength: 1, maxLength: 300 });
        fc.assert(fc.property(payload, flips, (payload, flip) => {
          const bytes = seal(aead(kit, "seal"), 9, [payload]);
          const at = flip.at % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ (1 << flip.bit);
          let opened = 0;
          const decipher = new PacketDecipher(aead(kit, "open"), 9, () => void opened++);
          try {
            decipher.decrypt(bytes, 0, bytes.length);
          } catch (error) {
            strictEqual(error instanceof SshProtocolError, true);
          }
          decipher.free();
          strictEqual(opened, 0);
        }));
      }));

    Deno.test(`${title} refuses a length that no packet has, before it waits for it`, () =>
      withKit((kit) => {
        const decipher = new PacketDecipher(aead(kit, "open"), 0, () => {});
        throws(() => {
          for (let byte = 0; byte < 50; byte++) decipher.decrypt(new Uint8Array([255]), 0, 1);
        }, SshProtocolError);
        decipher.free();
      }));
  }
}

const CHACHA = { main: MAIN, length: LENGTH };

Deno.test("PacketDecipher copies messages that others may keep, but for data of channels", async () => {
  using lease = await loadCrypto();
  const all = [Message.KexInit, Message.ChannelData, Message.ChannelRequest]
    .map((type) => new Uint8Array([type, 1, 2, 3]));
  const bytes = seal(new ChaChaAead(lease.kit, CHACHA), 0, all);
  const [seen, kept]: [Uint8Array[], Uint8Array[]] = [[], []];
  const decipher = new PacketDecipher(new ChaChaAead(lease.kit, CHACHA), 0, (payload) => {
    seen.push(new Uint8Array(payload));
    kept.push(payload);
  });
  decipher.decrypt(bytes, 0, bytes.length);
  decipher.free();
  deepStrictEqual(seen, all);
  deepStrictEqual(kept.map((payload) => new Uint8Array(payload))[0], all[0]);
  deepStrictEqual(kept.map((payload) => new Uint8Array(payload))[2], all[2]);
  strictEqual(kept[1]?.buffer === kept[0]?.buffer, false);
});

Deno.test("PacketDecipher opens nothing more once a message has ended it", async () => {
  using lease = await loadCrypto();
  const all = [new Uint8Array([Message.Ignore]), new Uint8Array([Message.Ignore])];
  const bytes = seal(new ChaChaAead(lease.kit, CHACHA), 0, all);
  let opened = 0;
  const decipher = new PacketDecipher(new ChaChaAead(lease.kit, CHACHA), 0, () => {
    opened++;
    decipher.free();
  });
  decipher.decrypt(bytes, 0, bytes.length);
  strictEqual(opened, 1);
});

Deno.test("OpenSSL's ciphers refuse to be used after they were freed, or with a wrong size", () => {
  using kit = openSslKit();
  if (!kit) return; // the tests above say where it must be
  const cipher = kit.chaCha20(new Uint8Array(32));
  throws(() => cipher.begin(new Uint8Array(12)), OpenSslError);
  cipher.free();
  cipher.free();
  throws(() => cipher.begin(new Uint8Array(16)), OpenSslError);
  throws(() => kit.aesGcm(new Uint8Array(24), "seal"), OpenSslError);
  throws(
    () => kit.poly1305(new Uint8Array(9), new Uint8Array(32), new Uint8Array(15)),
    OpenSslError,
  );
});
