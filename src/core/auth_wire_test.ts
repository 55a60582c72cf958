import { deepStrictEqual, notDeepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  type Binding,
  decodeHello,
  decodeReply,
  decodeReplyLength,
  encodeHello,
  encodeReply,
  HELLO_BYTES,
  MAX_REPLY_BYTES,
  type Proof,
  transcript,
} from "./auth_wire.ts";
import { ProtocolError } from "./errors.ts";
import { nodeKeyFromSeed, verifySignature } from "./node_id.ts";

const KIND = fc.constantFrom<Binding>("node-id", "server-name", "leaf-hash");
const PROOF: fc.Arbitrary<Proof> = fc.tuple(KIND, bytes(0, 255), bytes(32), bytes(64)).map(
  ([kind, value, clientId, signature]) => ({ server: { kind, value }, clientId, signature }),
);

Deno.test("decodeHello() undoes encodeHello()", () => {
  fc.assert(fc.property(fc.boolean(), bytes(32), (proofRequired, nonce) => {
    const encoded = encodeHello({ proofRequired, nonce });
    strictEqual(encoded.length, HELLO_BYTES);
    deepStrictEqual(decodeHello(encoded), { proofRequired, nonce });
  }));
});

Deno.test("decodeReply() undoes encodeReply(), whose length comes first", () => {
  fc.assert(fc.property(fc.option(PROOF, { nil: undefined }), (proof) => {
    const encoded = encodeReply(proof);
    strictEqual(decodeReplyLength(encoded.subarray(0, 2)), encoded.length - 2);
    deepStrictEqual(decodeReply(encoded.subarray(2)), proof);
  }));
});

Deno.test("the longest reply there is has exactly MAX_REPLY_BYTES", () => {
  const server = { kind: "server-name" as const, value: new Uint8Array(255) };
  const proof = { server, clientId: new Uint8Array(32), signature: new Uint8Array(64) };
  strictEqual(encodeReply(proof).length - 2, MAX_REPLY_BYTES);
});

Deno.test("decoders throw ProtocolError and nothing else, whatever the bytes", () => {
  fc.assert(fc.property(bytes(0, 400), (garbage) => {
    for (const decode of [decodeHello, decodeReply, decodeReplyLength]) {
      try {
        decode(garbage);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
    }
  }));
});

Deno.test("every truncation and every extension of a message is refused", () => {
  fc.assert(
    fc.property(PROOF, (proof) => {
      const reply = encodeReply(proof).slice(2);
      for (let end = 0; end < reply.length; end++) {
        throws(() => decodeReply(reply.slice(0, end)), ProtocolError);
      }
      throws(() => decodeReply(new Uint8Array([...reply, 0])), ProtocolError);
    }),
    { numRuns: 20 },
  );
  const hello = encodeHello({ proofRequired: true, nonce: new Uint8Array(32) });
  for (let end = 0; end < hello.length; end++) {
    throws(() => decodeHello(hello.slice(0, end)), ProtocolError);
  }
  throws(() => decodeHello(new Uint8Array([...hello, 0])), ProtocolError);
});

Deno.test("lengths no reply has are refused before anything is read", () => {
  throws(() => decodeReplyLength(new Uint8Array([0, 0])), ProtocolError);
  throws(() => decodeReplyLength(new Uint8Array([0xff, 0xff])), ProtocolError);
  const tooLong = MAX_REPLY_BYTES + 1;
  throws(() => decodeReplyLength(new Uint8Array([tooLong >> 8, tooLong & 0xff])), ProtocolError);
  throws(() => decodeReplyLength(new Uint8Array([1])), ProtocolError);
});

Deno.test("a hello of another version, mode or protocol is refused", () => {
  const hello = encodeHello({ proofRequired: false, nonce: new Uint8Array(32) });
  for (const at of [0, 12, 13, 14]) {
    const changed = hello.slice();
    changed[at] = 2;
    throws(() => decodeHello(changed), ProtocolError);
  }
  throws(() => decodeHello(new TextEncoder().encode("HTTP/1.1 200 OK".padEnd(47))), ProtocolError);
});

Deno.test("transcripts differ as soon as any of their parts does", () => {
  const parts = fc.tuple(fc.string({ maxLength: 20 }), KIND, bytes(0, 40), bytes(32), bytes(32));
  fc.assert(fc.property(parts, parts, (a, b) => {
    const [one, other] = [a, b].map(([alpn, kind, value, nonce, id]) =>
      transcript(alpn, { kind, value }, nonce, id)
    );
    if (JSON.stringify(a.map(String)) === JSON.stringify(b.map(String))) return;
    notDeepStrictEqual(one, other);
  }));
});

Deno.test("bytes cannot move from one part of a transcript into the next", () => {
  const zeros = new Uint8Array(32);
  const made = (alpn: string, value: number[]): Uint8Array =>
    transcript(alpn, { kind: "server-name", value: new Uint8Array(value) }, zeros, zeros);
  notDeepStrictEqual(made("ab", [0x63]), made("a", [0x62, 0x63]));
  notDeepStrictEqual(made("a", [0]), made("a", []));
});

Deno.test("the worked example of docs/protocol/auth.md is what the code does", async () => {
  const doc = await Deno.readTextFile(new URL("../../docs/protocol/auth.md", import.meta.url));
  const client = await nodeKeyFromSeed(new Uint8Array(32).fill(1));
  const server = await nodeKeyFromSeed(new Uint8Array(32).fill(2));
  const nonce = Uint8Array.from({ length: 32 }, (_, index) => index);
  const binding = { kind: "node-id" as const, value: server.publicKey };
  const message = transcript("alknet/echo", binding, nonce, client.publicKey);
  const signature = await client.sign(message);
  const reply = encodeReply({ server: binding, clientId: client.publicKey, signature });
  strictEqual(await verifySignature(client.publicKey, signature, message), true);
  strictEqual(example(doc, "hello"), encodeHello({ proofRequired: true, nonce }).toHex());
  strictEqual(example(doc, "transcript"), message.toHex());
  strictEqual(example(doc, "signature"), signature.toHex());
  strictEqual(example(doc, "reply"), reply.toHex());
});

/** The bytes that the document shows under a name, over as many lines as it likes. */
function example(doc: string, name: string): string {
  const block = new RegExp(`^${name}:\\n((?:  [0-9a-f ]+\\n)+)`, "m").exec(doc)?.[1] ?? "";
  return block.replace(/\s/g, "");
}

function bytes(min: number, max = min): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ minLength: min, maxLength: max }).map((each) => new Uint8Array(each));
}
