import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { encodeZbase32, formatNodeId } from "@alknet/core";
import fc from "fast-check";
import { anyText } from "../../tests/tools/any_text.ts";
import { decodeTicket, encodeTicket, looksLikeTicket, type Ticket, TicketError } from "./ticket.ts";

const ADDRESS = fc.tuple(
  fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain().filter((name) => name.length <= 253)),
  fc.integer({ min: 0, max: 65_535 }),
).map(([hostname, port]) => ({ hostname, port }));
const BYTES = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((each) => new Uint8Array(each));
const TICKET = fc.tuple(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map(formatNodeId),
  fc.array(ADDRESS, { maxLength: 16 }),
  fc.option(BYTES, { nil: undefined }),
).map(([nodeId, addresses, secret]): Ticket =>
  secret ? { nodeId, addresses, secret } : { nodeId, addresses }
);
const EXAMPLE: Ticket = {
  nodeId: formatNodeId(Uint8Array.from({ length: 32 }, (_, index) => index)),
  addresses: [{ hostname: "192.0.2.7", port: 4433 }],
};

Deno.test("decodeTicket() undoes encodeTicket()", () => {
  fc.assert(fc.property(TICKET, (ticket) => {
    const text = encodeTicket(ticket);
    match(text, /^alk1[a-z0-9]+$/);
    strictEqual(looksLikeTicket(text), true);
    deepStrictEqual(decodeTicket(text), ticket);
    deepStrictEqual(decodeTicket(`\n ${text}\t`), ticket);
  }));
});

Deno.test("the example of docs/protocol/ticket.md is what the code writes", async () => {
  const doc = await Deno.readTextFile(new URL("../../docs/protocol/ticket.md", import.meta.url));
  strictEqual(/^(alk1[a-z0-9]+)$/m.exec(doc)?.[1], encodeTicket(EXAMPLE));
});

Deno.test("a ticket cut off anywhere or with one wrong character is refused", () => {
  const text = encodeTicket(EXAMPLE);
  for (let end = 0; end < text.length; end++) {
    throws(() => decodeTicket(text.slice(0, end)), TicketError);
  }
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === "y" ? "b" : "y";
    throws(() => decodeTicket(text.slice(0, at) + other + text.slice(at + 1)), TicketError);
  }
});

Deno.test("decodeTicket() throws TicketError and nothing else, also behind a right checksum", () => {
  fc.assert(
    fc.property(anyText({ maxLength: 100 }), fc.boolean(), (text, own) => {
      expectTicketError(() => decodeTicket(own ? `alk1${text}` : text));
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (body) => {
    expectTicketError(() => decodeTicket(sealed(new Uint8Array(body))));
  }));
});

Deno.test("a ticket cannot carry host names that play tricks on a terminal", () => {
  // The attack: a pasted ticket whose address clears the screen or breaks a log line.
  for (const host of ["\u001b[2Jhost", "a\nb", "a b", "", "é.example"]) {
    const bytes = new TextEncoder().encode(host);
    const body = [...new Uint8Array(32), 1, bytes.length, ...bytes, 0, 80, 0];
    throws(() => decodeTicket(sealed(new Uint8Array(body))), TicketError);
    const addresses = [{ hostname: host, port: 80 }];
    throws(() => encodeTicket({ ...EXAMPLE, addresses }), TicketError);
  }
});

Deno.test("a ticket has at most 16 addresses, 255 bytes of secret and 4,096 characters", () => {
  const [address = { hostname: "a", port: 1 }] = EXAMPLE.addresses;
  const many = (count: number): Ticket => ({
    ...EXAMPLE,
    addresses: Array.from({ length: count }, () => address),
  });
  strictEqual(decodeTicket(encodeTicket(many(16))).addresses.length, 16);
  throws(() => encodeTicket(many(17)), TicketError);
  throws(() => encodeTicket({ ...EXAMPLE, secret: new Uint8Array(256) }), TicketError);
  throws(() => decodeTicket("alk1" + "y".repeat(100_000)), TicketError);
});

Deno.test("encodeTicket() refuses ports that do not exist", () => {
  for (const port of [-1, 65_536, 1.5, NaN]) {
    const addresses = [{ hostname: "a.example", port }];
    throws(() => encodeTicket({ ...EXAMPLE, addresses }), TicketError);
  }
});

function sealed(body: Uint8Array): string {
  const check = createHash("sha256").update(body).digest().subarray(0, 4);
  return "alk1" + encodeZbase32(new Uint8Array([...body, ...check]));
}

function expectTicketError(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TicketError)) throw error;
  }
}
