import { deepStrictEqual, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { CliError } from "../errors.ts";
import { forwardSpecs } from "./forward_spec.ts";

const tcp = (hostname: string, port: number) => ({ kind: "tcp", address: { hostname, port } });
const udp = (hostname: string, port: number) => ({ kind: "udp", address: { hostname, port } });
const unix = (path: string) => ({ kind: "unix", path });

const LOCAL: readonly (readonly [text: string, listen: unknown, to: unknown])[] = [
  ["8080:web:80", tcp("127.0.0.1", 8080), tcp("web", 80)],
  ["0:web:80", tcp("127.0.0.1", 0), tcp("web", 80)],
  ["0.0.0.0:8080:web:80", tcp("0.0.0.0", 8080), tcp("web", 80)],
  ["*:8080:web:80", tcp("0.0.0.0", 8080), tcp("web", 80)],
  [":8080:web:80", tcp("0.0.0.0", 8080), tcp("web", 80)],
  ["[::1]:8080:[fd00::2]:80", tcp("::1", 8080), tcp("fd00::2", 80)],
  ["8080:/run/app.sock", tcp("127.0.0.1", 8080), unix("/run/app.sock")],
  ["/tmp/here:web:80", unix("/tmp/here"), tcp("web", 80)],
  ["/tmp/here:/run/app.sock", unix("/tmp/here"), unix("/run/app.sock")],
  ["udp://5353:9.9.9.9:53", udp("127.0.0.1", 5353), udp("9.9.9.9", 53)],
];

for (const [text, listen, to] of LOCAL) {
  Deno.test(`-L ${text} is read`, () => {
    deepStrictEqual(forwardSpecs({ L: [text] }), [{ direction: "local", text, listen, to }]);
  });
}

Deno.test("-R and -D are read like -L", () => {
  const [remote, dynamic] = forwardSpecs({ R: ["2222:localhost:22"], D: ["[::1]:1080"] });
  deepStrictEqual(remote, {
    direction: "remote",
    text: "2222:localhost:22",
    listen: tcp("127.0.0.1", 2222),
    to: tcp("localhost", 22),
  });
  deepStrictEqual(dynamic?.listen, tcp("::1", 1080));
});

Deno.test("forwards that make no sense are usage errors", () => {
  const wrong = ["", "8080", "8080:web", "8080:web:0", "99999:web:80", "8080:web:80:x", "a:b:c:d"];
  for (const text of [...wrong, "udp:///tmp/x:web:80", "[::1:8080:web:80"]) {
    throws(() => forwardSpecs({ L: [text] }), CliError, text);
  }
  throws(() => forwardSpecs({ R: ["udp://53:host:53"] }), /goes with -L only/);
  throws(() => forwardSpecs({ D: ["/tmp/sock"] }), /-D/);
});

Deno.test("forwardSpecs throws its error for any text, and nothing else", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."08:[]/a*.") }), (text) => {
    try {
      forwardSpecs({ L: [text], D: [text] });
    } catch (error) {
      ok(error instanceof CliError);
    }
  }));
});
