import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import { formatNodeId } from "@alknet/core";
import fc from "fast-check";
import { DEFAULT_PORT, type KnownPeer, parseAddress, parseTarget, TargetError } from "./target.ts";
import { encodeTicket, TicketError } from "./ticket.ts";

const NODE_ID = formatNodeId(new Uint8Array(32).fill(9));
const PORT = fc.integer({ min: 0, max: 65_535 });

Deno.test("parseTarget() reads a node id with one address or several", () => {
  const { addresses, trust, text } = parseTarget(`${NODE_ID}@a.example:1,[::1]:2,10.0.0.1`);
  deepStrictEqual(addresses, [
    { hostname: "a.example", port: 1 },
    { hostname: "::1", port: 2 },
    { hostname: "10.0.0.1", port: DEFAULT_PORT },
  ]);
  deepStrictEqual(trust, { kind: "node-id", publicKey: new Uint8Array(32).fill(9) });
  strictEqual(text.startsWith(NODE_ID), true);
});

Deno.test("parseTarget() reads a pinned certificate", () => {
  const { trust } = parseTarget(`sha256:${"AB".repeat(32)}@host:1`);
  deepStrictEqual(trust, { kind: "leaf-hash", sha256: new Uint8Array(32).fill(0xab) });
});

Deno.test("parseTarget() trusts browsers' roots where nothing else is said", () => {
  for (const text of ["node.example", "localhost:443", "[::1]", "192.0.2.1:8443"]) {
    deepStrictEqual(parseTarget(text).trust, { kind: "web-pki" });
  }
});

Deno.test("parseTarget() reads a ticket, white space around it or not", () => {
  const ticket = encodeTicket({ nodeId: NODE_ID, addresses: [{ hostname: "::1", port: 7 }] });
  for (const text of [ticket, ` ${ticket}\n`]) {
    const { addresses, trust } = parseTarget(text);
    deepStrictEqual(addresses, [{ hostname: "::1", port: 7 }]);
    strictEqual(trust.kind, "node-id");
  }
  throws(() => parseTarget(ticket.slice(0, -3)), TicketError);
});

Deno.test("parseTarget() looks a peer's name up before anything else", () => {
  const peers: Record<string, KnownPeer> = {
    laptop: { nodeId: NODE_ID, addresses: ["10.0.0.1:1"] },
    bare: { nodeId: NODE_ID, addresses: [] },
    broken: { nodeId: "no", addresses: ["10.0.0.1"] },
  };
  const lookup = (name: string): KnownPeer | undefined => peers[name];
  deepStrictEqual(parseTarget("laptop", lookup).addresses, [{ hostname: "10.0.0.1", port: 1 }]);
  strictEqual(parseTarget("laptop", lookup).text, "laptop");
  throws(() => parseTarget("bare", lookup), /has no address: alknet peer add bare/);
  throws(() => parseTarget("broken", lookup), TargetError);
  throws(() => parseTarget("phone", lookup), /Unknown peer "phone"/);
});

for (
  const text of [
    "",
    "@",
    "a b",
    "host:99999",
    "host:-1",
    "host:1:2",
    `${NODE_ID}@`,
    "x@host",
    "[::1",
  ]
    .concat("[12]", "[::g]", "host:", "a..b@c", "sha256:ab@host", "http://host", "host\n", "h,,i")
) {
  Deno.test(`parseTarget() refuses ${JSON.stringify(text.replace(NODE_ID, "<id>"))}`, () => {
    throws(() => parseTarget(text), TargetError);
  });
}

Deno.test("parseTarget() throws TargetError or TicketError and nothing else", () => {
  const mixed = fc.array(
    fc.oneof(fc.constantFrom("alk1", "@", ":", "[", "]", ",", NODE_ID, "sha256:"), fc.string()),
    { maxLength: 6 },
  );
  fc.assert(fc.property(mixed, (parts) => {
    try {
      parseTarget(parts.join(""));
    } catch (error) {
      if (!(error instanceof TargetError || error instanceof TicketError)) throw error;
    }
  }));
});

Deno.test("messages about targets are short, however long the target", () => {
  throws(() => parseAddress("!".repeat(10_000)), (error: Error) => {
    match(error.message, /^Cannot read the address/);
    return error.message.length < 300;
  });
});

Deno.test("parseAddress() reads back every address it could have meant", () => {
  const host = fc.oneof(fc.ipV4(), fc.domain().filter((name) => name.length <= 253));
  fc.assert(fc.property(host, PORT, (hostname, port) => {
    deepStrictEqual(parseAddress(`${hostname}:${port}`), { hostname, port });
  }));
  fc.assert(fc.property(fc.ipV6(), PORT, (hostname, port) => {
    deepStrictEqual(parseAddress(`[${hostname}]:${port}`), { hostname, port });
  }));
});
