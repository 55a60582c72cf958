import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";

import { ProxyHandshake, ProxyProtocolError, type ProxyRequest } from "./mod.ts";

const text = new TextEncoder();

/** Requests as clients send them, and what they mean. */
const REQUESTS: readonly [string, readonly Uint8Array[], ProxyRequest][] = [
  ["SOCKS 5 with an IPv4 address", [
    new Uint8Array([5, 1, 0]),
    new Uint8Array([5, 1, 0, 1, 192, 0, 2, 7, 1, 187]),
  ], {
    protocol: "socks5",
    command: "connect",
    destination: { hostname: "192.0.2.7", port: 443 },
  }],
  ["SOCKS 5 with an IPv6 address", [
    new Uint8Array([5, 2, 2, 0]),
    new Uint8Array([5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80]),
  ], {
    protocol: "socks5",
    command: "connect",
    destination: { hostname: "2001:db8::1", port: 80 },
  }],
  ["SOCKS 5 with a name", [
    new Uint8Array([5, 1, 0]),
    new Uint8Array([5, 3, 0, 3, 7, ...text.encode("box.lan"), 0, 53]),
  ], {
    protocol: "socks5",
    command: "udp-associate",
    destination: { hostname: "box.lan", port: 53 },
  }],
  ["SOCKS 4", [new Uint8Array([4, 1, 0, 22, 10, 0, 0, 1, ...text.encode("me"), 0])], {
    protocol: "socks4",
    command: "connect",
    destination: { hostname: "10.0.0.1", port: 22 },
  }],
  ["SOCKS 4a", [new Uint8Array([4, 1, 0, 22, 0, 0, 0, 9, 0, ...text.encode("git.lan"), 0])], {
    protocol: "socks4",
    command: "connect",
    destination: { hostname: "git.lan", port: 22 },
  }],
  ["HTTP CONNECT", [text.encode("CONNECT [::1]:8080 HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n")], {
    protocol: "http",
    command: "connect",
    destination: { hostname: "::1", port: 8080 },
  }],
];

for (const [name, pieces, wanted] of REQUESTS) {
  Deno.test(`a request in ${name} is understood, in pieces of any size, and what follows is kept`, () => {
    const bytes = new Uint8Array([...pieces.flatMap((piece) => [...piece]), 1, 2, 3]);
    fc.assert(fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
      const handshake = new ProxyHandshake();
      const marks = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const rest: number[] = [];
      let request: ProxyRequest | undefined;
      for (const [index, mark] of marks.slice(1).entries()) {
        const piece = bytes.subarray(marks[index], mark);
        if (request) rest.push(...piece);
        else {
          const step = handshake.push(piece);
          request = step.request;
          rest.push(...step.rest);
        }
      }
      deepStrictEqual(request, wanted);
      deepStrictEqual(rest, [1, 2, 3]);
    }));
  });
}

Deno.test("whatever comes, the handshake holds no more than its limit and throws its own error alone", () => {
  const first = fc.constantFrom(4, 5, 0x43, 0, 255);
  const piece = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(first, fc.array(piece, { maxLength: 8 }), (start, pieces) => {
    const handshake = new ProxyHandshake({ maxBytes: 512 });
    try {
      for (const each of [new Uint8Array([start]), ...pieces]) handshake.push(each);
    } catch (error) {
      ok(error instanceof ProxyProtocolError, String(error));
    }
  }));
});

Deno.test("a head without an end is cut off", () => {
  const handshake = new ProxyHandshake({ maxBytes: 1_000 });
  handshake.push(text.encode("CONNECT a:1 HTTP/1.1\r\n"));
  throws(() => handshake.push(text.encode("X: y\r\n".repeat(200))), ProxyProtocolError);
});

Deno.test("where a password is wanted, nobody gets in without the right one", () => {
  const authenticate = ({ user, password }: { user: string; password: string }): boolean =>
    user === "me" && password === "s3cret";
  const refused = (bytes: Uint8Array, reply: number[] | RegExp): void => {
    throws(() => new ProxyHandshake({ authenticate }).push(bytes), (error) => {
      ok(error instanceof ProxyProtocolError && error.reply);
      if (Array.isArray(reply)) deepStrictEqual([...error.reply], reply);
      else ok(reply.test(new TextDecoder().decode(error.reply)));
      return true;
    });
  };
  refused(new Uint8Array([5, 1, 0]), [5, 255]);
  refused(new Uint8Array([5, 1, 2, 1, 2, ...text.encode("me"), 1, ...text.encode("x")]), [1, 1]);
  refused(new Uint8Array([4, 1, 0, 22, 10, 0, 0, 1, 0]), [0, 91, 0, 0, 0, 0, 0, 0]);
  refused(text.encode("CONNECT a:1 HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 407 /);
  refused(
    text.encode("CONNECT a:1 HTTP/1.1\r\nProxy-Authorization: Basic bWU6eA==\r\n\r\n"),
    /^HTTP\/1\.1 407 /,
  );

  const socks = new ProxyHandshake({ authenticate });
  const known = [5, 1, 2, 1, 2, ...text.encode("me"), 6, ...text.encode("s3cret")];
  const step = socks.push(new Uint8Array([...known, 5, 1, 0, 1, 1, 2, 3, 4, 0, 9]));
  deepStrictEqual([...step.reply], [5, 2, 1, 0]);
  strictEqual(step.request?.user, "me");
  const field = `Proxy-Authorization: Basic ${text.encode("me:s3cret").toBase64()}`;
  const http = new ProxyHandshake({ authenticate });
  strictEqual(
    http.push(text.encode(`CONNECT a:1 HTTP/1.1\r\n${field}\r\n\r\n`)).request?.user,
    "me",
  );
});

Deno.test("names that would end early elsewhere are refused with the protocol's own words", () => {
  const bad = ["a\0b", "a b", "a\nb", "../x", "", "é"];
  for (const name of bad) {
    const bytes = text.encode(name);
    const socks5 = new Uint8Array([5, 1, 0, 5, 1, 0, 3, bytes.length, ...bytes, 0, 80]);
    throws(() => new ProxyHandshake().push(socks5), ProxyProtocolError);
  }
  throws(
    () => new ProxyHandshake().push(text.encode("CONNECT a:0 HTTP/1.1\r\n\r\n")),
    ProxyProtocolError,
  );
  throws(
    () => new ProxyHandshake().push(text.encode("GET http://a/ HTTP/1.1\r\n\r\n")),
    ProxyProtocolError,
  );
});
