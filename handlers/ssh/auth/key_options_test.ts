import { deepStrictEqual, match, ok, throws } from "node:assert/strict";
import fc from "fast-check";

import { SshOptionError } from "../errors.ts";
import { parseKeyOptions } from "./key_options.ts";

Deno.test("parseKeyOptions() reads what sshd(8) has for a key, later ones first", () => {
  deepStrictEqual(parseKeyOptions('restrict,pty,command="echo \\"a, b\\"",No-X11-Forwarding'), {
    pty: true,
    forwarding: false,
    agent: false,
    forceCommand: 'echo "a, b"',
  });
  deepStrictEqual(parseKeyOptions('from="10.0.0.0/8, !10.1.0.0/16,fd00::/8"').from, [
    "10.0.0.0/8",
    "!10.1.0.0/16",
    "fd00::/8",
  ]);
  deepStrictEqual(parseKeyOptions(""), {});
});

Deno.test("parseKeyOptions() adds up variables, of which the first counts, and destinations", () => {
  const text = 'environment="A=1",environment="A=2",environment="B=x=y",permitopen="[::1]:22",' +
    'permitopen="*.db:5432",permitlisten="8080",permitlisten="localhost:*"';
  const { environment, permitOpen, permitListen } = parseKeyOptions(text);
  deepStrictEqual(Object.fromEntries(environment ?? []), { A: "1", B: "x=y" });
  deepStrictEqual(permitOpen?.map(({ host, ports }) => [host, ...ports]), [
    ["::1", 22, 22],
    ["*.db", 5432, 5432],
  ]);
  deepStrictEqual(permitListen?.map(({ host, ports }) => [host, ...ports]), [
    ["*", 8080, 8080],
    ["127.0.0.1", 0, 65_535],
  ]);
});

Deno.test("parseKeyOptions() reads times of this machine's zone, and of UTC with a Z", () => {
  const at = (text: string) => parseKeyOptions(`expiry-time="${text}"`).expiresAt;
  deepStrictEqual(at("20380119"), new Date(2038, 0, 19));
  deepStrictEqual(at("203801190314"), new Date(2038, 0, 19, 3, 14));
  deepStrictEqual(at("20380119031407Z"), new Date("2038-01-19T03:14:07Z"));
});

const MISTAKES: readonly (readonly [options: string, message: RegExp])[] = [
  ["no-such-option", /Cannot read key option "no-such-option"/],
  ["no-pty no-agent-forwarding", /Cannot read key option/],
  ['command="unclosed', /Cannot read key option/],
  ["command", /Cannot read key option/],
  ['pty="yes"', /Cannot read key option/],
  ['from="*.example.com"', /Cannot read source/],
  ['from="10.0.0.0/33"', /Cannot read source/],
  ['from="!10.0.0.1"', /excludes only/],
  ['expiry-time="20270431"', /Cannot read time/],
  ['expiry-time="tomorrow"', /Cannot read time/],
  ['environment="A B=c"', /Cannot read variable/],
  ['permitopen="everywhere"', /Cannot read destination/],
  ['tunnel="0"', /Cannot read key option/],
];

for (const [options, message] of MISTAKES) {
  Deno.test(`parseKeyOptions() refuses ${options}`, () => {
    throws(() => parseKeyOptions(options), (error) => {
      ok(error instanceof SshOptionError);
      match(error.message, message);
      return true;
    });
  });
}

Deno.test("parseKeyOptions() throws nothing but its own error", () => {
  const words = fc.constantFrom(
    "from",
    "command",
    "expiry-time",
    "environment",
    "permitopen",
    "pty",
  );
  const option = fc.tuple(words, fc.string()).map(([name, value]) => `${name}="${value}"`);
  const text = fc.oneof(fc.string(), fc.array(option).map((all) => all.join(",")));
  fc.assert(fc.property(text, (options) => {
    try {
      parseKeyOptions(options);
    } catch (error) {
      ok(error instanceof SshOptionError, String(error));
    }
  }));
});
