import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { addressBytes, formatIpv6, parseAddressBytes, parseIpv6 } from "./address_bytes.ts";
import { decodeSocksDatagram, encodeSocksDatagram, ProxyProtocolError } from "./mod.ts";

Deno.test("an address that was written is read again, and every part of it is not enough", () => {
  const hostname = fc.oneof(
    fc.ipV4(),
    fc.ipV6().map((text) => formatIpv6(new Uint8Array(parseIpv6(text) ?? []))),
    fc.stringMatching(/^[a-z][a-z0-9.-]{0,60}$/),
  );
  fc.assert(fc.property(hostname, fc.nat({ max: 65_535 }), (name, port) => {
    const bytes = addressBytes({ hostname: name, port });
    deepStrictEqual(parseAddressBytes(bytes), {
      value: { hostname: name, port },
      used: bytes.length,
    });
    for (let end = 0; end < bytes.length; end++) {
      strictEqual(parseAddressBytes(bytes.subarray(0, end)), undefined);
    }
  }));
});

Deno.test("IPv6 addresses are written as RFC 5952 wants them", () => {
  const examples = {
    "2001:db8:0:0:0:0:2:1": "2001:db8::2:1",
    "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1": "2001:0:0:1::1",
    "0:0:0:0:0:0:0:0": "::",
    "0:0:0:0:0:0:0:1": "::1",
    "1:0:0:0:0:0:0:0": "1::",
    "::ffff:192.0.2.1": "::ffff:c000:201",
  };
  for (const [written, canonical] of Object.entries(examples)) {
    strictEqual(formatIpv6(new Uint8Array(parseIpv6(written) ?? [])), canonical, written);
  }
  for (const bad of ["", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1.2.3"]) {
    strictEqual(parseIpv6(bad), undefined, bad);
  }
});

Deno.test("datagrams survive their header, and garbage throws its own error alone", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.ipV4(), (payload, hostname) => {
    const datagram = { address: { hostname, port: 53 }, payload };
    deepStrictEqual(decodeSocksDatagram(encodeSocksDatagram(datagram)), datagram);
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    try {
      decodeSocksDatagram(bytes);
    } catch (error) {
      ok(error instanceof ProxyProtocolError, String(error));
    }
  }));
  const fragment = encodeSocksDatagram({
    address: { hostname: "1.2.3.4", port: 5 },
    payload: new Uint8Array([1]),
  });
  fragment[2] = 1;
  strictEqual(decodeSocksDatagram(fragment), undefined);
});
