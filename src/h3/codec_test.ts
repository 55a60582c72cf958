import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import { CapsuleParser, CapsuleType, decodeClose, encodeCapsule, encodeClose } from "./capsule.ts";
import { ControlState } from "./control_state.ts";
import { decodeDatagram, encodeDatagram } from "./datagram.ts";
import { H3ConnectionError, H3StreamError } from "./errors.ts";
import { type FrameEvent, FrameParser, type FrameRule } from "./frame_parser.ts";
import { encodeFrame, FrameType } from "./frame_type.ts";
import { InputBuffer } from "./input_buffer.ts";
import { decodeSettings, encodeSettings } from "./settings.ts";
import { onlyErrors } from "./testdata/only_errors.ts";
import { encodeVarints, isExact, MAX_VARINT, readVarint, varintLength } from "./varint.ts";

const number = fc.oneof(
  fc.nat(100),
  fc.nat(20_000),
  fc.nat(),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const bytes = fc.uint8Array({ maxLength: 200 });

Deno.test("readVarint() undoes encodeVarints(), and wants every byte", () => {
  fc.assert(fc.property(number, (value) => {
    const encoded = encodeVarints(value);
    strictEqual(encoded.length, varintLength(value));
    strictEqual(readVarint(encoded, 0), value);
    for (let length = 0; length < encoded.length; length++) {
      strictEqual(readVarint(encoded.subarray(0, length), 0), undefined);
    }
  }));
});

Deno.test("readVarint() reads the examples of RFC 9000 appendix A.1", () => {
  const examples = [["c2197c5eff14e88c", 151_288_809_941_952_652], [
    "9d7f3e7d",
    494_878_333,
  ]] as const;
  for (const [text, value] of examples) strictEqual(readVarint(Uint8Array.fromHex(text), 0), value);
  strictEqual(readVarint(Uint8Array.fromHex("7bbd"), 0), 15_293);
  strictEqual(readVarint(Uint8Array.fromHex("4025"), 0), 37);
  const largest = readVarint(Uint8Array.fromHex("ffffffffffffffff"), 0) ?? 0;
  ok(!isExact(largest) && BigInt(largest) === MAX_VARINT + 1n);
});

Deno.test("an InputBuffer gives back what was pushed, however it was cut", () => {
  fc.assert(
    fc.property(fc.array(bytes), fc.array(fc.integer({ min: 1, max: 50 })), (parts, cuts) => {
      const buffer = new InputBuffer();
      for (const part of parts) buffer.push(part);
      const got: number[] = [];
      for (const cut of cuts) got.push(...buffer.take(cut));
      got.push(...buffer.take(buffer.length));
      deepStrictEqual(got, parts.flatMap((part) => [...part]));
    }),
  );
});

Deno.test("a FrameParser finds the same frames however the bytes were cut", () => {
  const frame = fc.record({ type: fc.nat(70_000), payload: bytes });
  fc.assert(fc.property(fc.array(frame), fc.integer({ min: 1, max: 50 }), (frames, cut) => {
    const all = frames.flatMap(({ type, payload }) => [...encodeFrame(type, payload)]);
    const parser = new FrameParser(() => 1_000);
    const got: FrameEvent[] = [];
    for (let start = 0; start < all.length; start += cut) {
      parser.push(new Uint8Array(all.slice(start, start + cut)));
      for (let event = parser.next(); event; event = parser.next()) got.push(event);
    }
    parser.end();
    deepStrictEqual(
      got.map((event) => event.kind === "frame" && [event.type, [...event.payload]]),
      frames.map(({ type, payload }) => [type, [...payload]]),
    );
  }));
});

Deno.test("a FrameParser hands content out and skips what it shall, across any cut", () => {
  const rule = (type: number): FrameRule => type === FrameType.Data ? "content" : "skip";
  const frame = fc.record({ type: fc.constantFrom(0x00, 0x21, 0x40), payload: bytes });
  fc.assert(fc.property(fc.array(frame), fc.integer({ min: 1, max: 50 }), (frames, cut) => {
    const all = frames.flatMap(({ type, payload }) => [...encodeFrame(type, payload)]);
    const parser = new FrameParser(rule);
    const content: number[] = [];
    const target = new Uint8Array(7);
    for (let start = 0; start < all.length; start += cut) {
      parser.push(new Uint8Array(all.slice(start, start + cut)));
      let taken = 1;
      for (let event = parser.next(); event || taken > 0; event = parser.next()) {
        taken = parser.takeContent(target);
        content.push(...target.subarray(0, taken));
      }
    }
    parser.end();
    deepStrictEqual(content, frames.flatMap((f) => f.type === 0 ? [...f.payload] : []));
  }));
});

Deno.test("a FrameParser says when a stream ends within a frame, wherever that is", () => {
  const frame = encodeFrame(FrameType.Headers, new Uint8Array(20));
  for (let length = 1; length < frame.length; length++) {
    const parser = new FrameParser(() => 100);
    parser.push(frame.slice(0, length));
    strictEqual(parser.next(), undefined);
    throws(() => parser.end(), H3ConnectionError);
  }
});

Deno.test("a control stream of any bytes gives events or connection errors", () => {
  fc.assert(
    fc.property(bytes, fc.constantFrom("client", "server"), (garbage, role) => {
      const state = new ControlState(role);
      const parser = new FrameParser((type) => state.rule(type));
      parser.push(encodeFrame(FrameType.Settings, new Uint8Array(0)));
      onlyErrors([H3ConnectionError], () => {
        let first = true;
        for (let event = parser.next(); event; event = parser.next()) {
          if (event.kind === "frame") state.receive(event.type, event.payload);
          if (first) parser.push(garbage.slice());
          first = false;
        }
      });
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("decodeSettings() undoes encodeSettings(), and fails on garbage with one class", () => {
  const settings = {
    maxFieldSectionBytes: 65_536,
    maxTableBytes: 4_096,
    maxBlockedStreams: 16,
    extendedConnect: true,
    datagrams: true,
    maxSessions: 7,
  };
  deepStrictEqual(decodeSettings(encodeSettings(settings)), settings);
  fc.assert(
    fc.property(bytes, (garbage) => onlyErrors([H3ConnectionError], () => decodeSettings(garbage))),
  );
});

Deno.test("a CapsuleParser finds the same capsules however the bytes were cut", () => {
  const capsule = fc.record({
    type: fc.constantFrom<number>(...Object.values(CapsuleType), 0x99),
    payload: bytes,
  });
  fc.assert(fc.property(fc.array(capsule), fc.integer({ min: 1, max: 50 }), (capsules, cut) => {
    const all = capsules.flatMap(({ type, payload }) => [...encodeCapsule(type, payload)]);
    const parser = new CapsuleParser(1_000);
    const got: unknown[] = [];
    for (let start = 0; start < all.length; start += cut) {
      parser.push(new Uint8Array(all.slice(start, start + cut)));
      for (let next = parser.next(); next; next = parser.next()) {
        got.push([next.type, [...next.payload]]);
      }
    }
    parser.end();
    const known = capsules.filter(({ type }) => type !== 0x99);
    deepStrictEqual(got, known.map(({ type, payload }) => [type, [...payload]]));
  }));
});

Deno.test("capsules of any bytes give errors of one class, and long ones are refused", () => {
  fc.assert(fc.property(bytes, (garbage) => {
    const parser = new CapsuleParser(100);
    parser.push(garbage);
    onlyErrors([H3StreamError], () => {
      while (parser.next());
      parser.end();
    });
  }));
  const parser = new CapsuleParser(100);
  parser.push(encodeCapsule(CapsuleType.CloseSession, new Uint8Array(101)));
  throws(() => parser.next(), H3StreamError);
});

Deno.test("decodeClose() undoes encodeClose(), whose reason ends within 1,024 bytes", () => {
  const code = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(fc.property(code, fc.string({ unit: "grapheme" }), (number, reason) => {
    deepStrictEqual(decodeClose(encodeClose(number, reason)), {
      code: number,
      reason: reason.toWellFormed(),
    });
  }));
  strictEqual(decodeClose(encodeClose(1, "é".repeat(1_000))).reason, "é".repeat(512));
  throws(() => decodeClose(new Uint8Array(3)), H3StreamError);
});

Deno.test("decodeDatagram() undoes encodeDatagram(), and wants a stream", () => {
  fc.assert(fc.property(fc.nat(), bytes, (quarter, payload) => {
    const decoded = decodeDatagram(encodeDatagram(quarter * 4, payload));
    deepStrictEqual([decoded.streamId, [...decoded.payload]], [quarter * 4, [...payload]]);
  }));
  throws(() => decodeDatagram(new Uint8Array(0)), H3ConnectionError);
  throws(() => decodeDatagram(new Uint8Array(8).fill(0xff)), H3ConnectionError);
});
