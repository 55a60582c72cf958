import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import {
  type AgentRequest,
  type AgentResponse,
  decodeRequest,
  decodeResponse,
  encodeFrame,
  encodeRequest,
  encodeResponse,
  MAX_AGENT_MESSAGE_BYTES,
} from "./agent_codec.ts";
import { FrameDecoder } from "./agent_frames.ts";
import { concat } from "./bytes.ts";
import { AgentProtocolError } from "./mod.ts";

const PLAIN = { noNullPrototype: true } as const;
const BYTES = fc.uint8Array({ maxLength: 80 }).map((bytes) => new Uint8Array(bytes));
const TEXT = fc.string({ unit: "grapheme", maxLength: 20 });

const REQUEST: fc.Arbitrary<AgentRequest> = fc.oneof(
  fc.record({ type: fc.constant("identities" as const) }, PLAIN),
  fc.record({
    type: fc.constant("sign" as const),
    key: BYTES,
    data: BYTES,
    flags: fc.nat({ max: 2 ** 32 - 1 }),
  }, PLAIN),
  fc.record(
    { type: fc.constantFrom("lock" as const, "unlock" as const), passphrase: BYTES },
    PLAIN,
  ),
  fc.record({ type: fc.constant("extension" as const), name: TEXT, contents: BYTES }, PLAIN),
);

const RESPONSE: fc.Arbitrary<AgentResponse> = fc.oneof(
  fc.record({
    type: fc.constantFrom("failure" as const, "success" as const, "extension-failure" as const),
  }, PLAIN),
  fc.record({
    type: fc.constant("identities" as const),
    identities: fc.array(fc.record({ key: BYTES, comment: TEXT }, PLAIN), { maxLength: 4 }),
  }, PLAIN),
  fc.record({ type: fc.constant("signature" as const), signature: BYTES }, PLAIN),
  fc.record({ type: fc.constant("extension" as const), name: TEXT, contents: BYTES }, PLAIN),
);

Deno.test("decodeRequest() and decodeResponse() invert their encoders", () => {
  fc.assert(fc.property(REQUEST, (request) => {
    deepStrictEqual(decodeRequest(encodeRequest(request)), request);
  }));
  fc.assert(fc.property(RESPONSE, (response) => {
    deepStrictEqual(decodeResponse(encodeResponse(response)), response);
  }));
});

Deno.test("The decoders throw their own error on garbage", () => {
  const garbage = fc.tuple(fc.nat({ max: 30 }), fc.uint8Array({ maxLength: 200 }));
  fc.assert(fc.property(garbage, ([code, rest]) => {
    for (const decode of [decodeRequest, decodeResponse]) {
      try {
        decode(concat([code], rest));
      } catch (error) {
        ok(error instanceof AgentProtocolError);
      }
    }
  }));
});

Deno.test("Every truncation and every appended byte of a message is noticed", () => {
  fc.assert(fc.property(REQUEST, RESPONSE, (request, response) => {
    checkEnds(encodeRequest(request), decodeRequest, request.type === "extension");
    checkEnds(encodeResponse(response), decodeResponse, response.type === "extension");
  }));
});

Deno.test("An answer that claims 4 billion keys is refused at once", () => {
  const message = Uint8Array.fromHex("0cffffffff");
  throws(() => decodeResponse(message), AgentProtocolError);
});

Deno.test("FrameDecoder gives the same messages however the stream is cut", () => {
  const input = fc.tuple(
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 5 }),
    fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
  );
  fc.assert(fc.property(input, ([messages, steps]) => {
    const stream = concat(...messages.map(encodeFrame));
    const frames = new FrameDecoder();
    const seen: Uint8Array[] = [];
    for (let at = 0; at < stream.length;) {
      const end = at + (steps[seen.length % steps.length] ?? 1);
      seen.push(...frames.push(stream.subarray(at, end)));
      at = end;
    }
    deepStrictEqual(seen, messages.map((message) => new Uint8Array(message)));
  }));
});

Deno.test("FrameDecoder refuses a frame that is empty or too long before it arrives", () => {
  const header = (length: number) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, length);
    return bytes;
  };
  for (const length of [0, MAX_AGENT_MESSAGE_BYTES + 1, 2 ** 32 - 1]) {
    throws(() => new FrameDecoder().push(header(length)), AgentProtocolError);
  }
  strictEqual(new FrameDecoder().push(header(MAX_AGENT_MESSAGE_BYTES)).length, 0);
});

/** The contents of an extension go to the end of its message, so they may end anywhere. */
function checkEnds(
  message: Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
  open: boolean,
): void {
  if (open) return;
  throws(() => decode(concat(message, [0])), AgentProtocolError);
  for (let length = 0; length < message.length; length++) {
    throws(() => decode(message.subarray(0, length)), AgentProtocolError);
  }
}
