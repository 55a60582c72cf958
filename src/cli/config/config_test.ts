import { deepStrictEqual, doesNotThrow, match, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { CliError, ConfigError } from "../errors.ts";
import { configOf } from "./config.ts";
import { locate } from "./locate.ts";
import { parseToml } from "./read_tables.ts";
import { FIELDS } from "./schema.ts";
import { configTemplate } from "./template.ts";

function read(text: string): ReturnType<typeof configOf> {
  return configOf(parseToml("alknet.toml", text));
}

function mistake(text: string): string {
  try {
    read(text);
  } catch (error) {
    ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return "no mistake found";
}

Deno.test("an empty file is the embedded default", () => {
  const config = read("");
  deepStrictEqual(config.listen[0]?.address, { hostname: "::", port: 4433 });
  deepStrictEqual(config.handlers, ["ping", "call", "join", "http", "ssh", "sftp", "echo"]);
  strictEqual(config.limits.maxConnections, 10_000);
});

Deno.test("every key is taken up", () => {
  const config = read(`
    [node]
    names = ["node.example"]
    [[listen]]
    address = "127.0.0.1:1"
    transports = ["tls"]
    [[listen]]
    address = "[::1]:2"
    cert = "/c.pem"
    key = "/k.pem"
    [handlers]
    enabled = ["echo"]
    [echo]
    peer_auth = "required"
    [sftp]
    root = "/srv/{id}"
    folders = ["/pub = /srv/pub"]
    read_only_folders = ["team/docs=/srv/docs"]
    read_only = true
    quota_bytes = 1000
    umask = "027"
    atomic = true
    [limits]
    max_handshakes = 7
    [log]
    level = "debug"
    format = "json"
    [call]
    attach = ["head"]
    [operations]
    modules = ["./ops.ts"]
    [[reexport]]
    operations = ["disk/*", "net/up"]
    peer = "w1"
    policy = "first"
    scopes = ["fleet:disk"]
    prefix = "fleet"
    [[reexport]]
    operations = ["a"]
    scopes = ["b:c"]
  `);
  strictEqual(config.listen.length, 2);
  deepStrictEqual(config.listen[0]?.transports, ["tls"]);
  deepStrictEqual(config.listen[1]?.x509, { certFile: "/c.pem", keyFile: "/k.pem" });
  strictEqual(config.limits.maxHandshakes, 7);
  strictEqual(config.echoPeerAuth, "required");
  strictEqual(config.logFormat, "json");
  deepStrictEqual([config.attach, config.operationModules], [["head"], ["./ops.ts"]]);
  deepStrictEqual(config.reexports, [
    {
      operations: ["disk/*", "net/up"],
      peer: "w1",
      policy: "first",
      scopes: ["fleet:disk"],
      prefix: "fleet",
    },
    { operations: ["a"], peer: "any", policy: "round-robin", scopes: ["b:c"], prefix: "" },
  ]);
  deepStrictEqual(config.sftp, {
    root: "/srv/{id}",
    folders: [
      { path: "/pub", directory: "/srv/pub", readOnly: false },
      { path: "/team/docs", directory: "/srv/docs", readOnly: true },
    ],
    readOnly: true,
    quotaBytes: 1000,
    quotaFiles: undefined,
    umask: 0o027,
    atomic: true,
  });
});

Deno.test("mistakes are told with line, column and advice", () => {
  strictEqual(mistake("[limits]\n\n  max_conections = 1\n").split(": ")[0], "alknet.toml:3:3");
  match(mistake("[limits]\nmax_conections = 1"), /did you mean "max_connections"/);
  match(mistake("[limits]\nmax_streams = 0"), /2:1: "max_streams" must be a whole number/);
  match(
    mistake('[limit]\nmax_streams = "many"'),
    /1:1: Unknown table "limit": did you mean "limits"/,
  );
  match(mistake("[listen]\naddress = ':1'"), /Write \[\[listen\]\]/);
  match(mistake("[[listen]]\n[[listen]]\naddress = 'a b'"), /3:1: "address" must be host:port/);
  match(mistake('[[listen]]\ncert = "c.pem"'), /"cert" and "key" go together/);
  match(mistake('[log]\nlevel = "loud"'), /one of: debug, info/);
  match(mistake("[node]\nnames = 7"), /array of strings/);
  const rule = '[[reexport]]\noperations = ["disk/*"]\n';
  match(mistake(rule), /2:1: Say what callers need: "scopes" is missing/);
  match(mistake(`${rule}scopes = ["Disk"]`), /3:1: Cannot read scope "Disk"/);
  match(mistake(`${rule}scopes = ["a:b"]\nprefix = "a/*"`), /4:1: "a\/\*" is no start of a name/);
  match(mistake(`${rule}scopes = ["a:b"]\npolicy = "best"`), /4:1: "policy" must be one of/);
  match(mistake('[[reexport]]\noperations = ["*"]\nscopes = ["a:b"]'), /2:1: "\*" is no name/);
  match(mistake("[reexport]\nscopes = []"), /Write \[\[reexport\]\]/);
  match(mistake('[sftp]\numask = "8"'), /2:1: "umask" must be octal/);
  match(mistake('[sftp]\nfolders = ["/pub"]'), /2:1: "folders" must be PATH=DIRECTORY/);
  match(mistake('[sftp]\natomic = "yes"'), /2:1: "atomic" must be true or false/);
  match(mistake("[node\nnames = 7"), /^alknet\.toml:\d+:\d+: /);
  match(mistake('[node]\nnames = ["a\\u0000b"]'), /NUL/);
});

Deno.test("the file that init writes is good, complete and all defaults", () => {
  const template = configTemplate();
  deepStrictEqual(read(template), read("[[listen]]"));
  for (const { key } of FIELDS) match(template, new RegExp(`^# ${key} = `, "m"));
  const switchedOn = template.replaceAll(/^# (\w+ = (?!"").*)$/gm, "$1");
  deepStrictEqual(read(switchedOn), read(""));
});

Deno.test("whatever the file says, the answer is a configuration or a ConfigError", () => {
  const key = fc.constantFrom(...FIELDS.map((field) => field.key), "other");
  const table = fc.constantFrom("node", "listen", "handlers", "limits", "log", "x");
  const value = fc.constantFrom(
    "1",
    '"a"',
    "[]",
    '["quic"]',
    "true",
    "{}",
    "1979-05-27",
    "-1",
    "1.5",
  );
  const line = fc.tuple(key, value).map(([k, v]) => `${k} = ${v}`);
  const header = fc.tuple(table, fc.boolean()).map(([t, twice]) => twice ? `[[${t}]]` : `[${t}]`);
  const text = fc.array(fc.oneof(line, header, fc.string())).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, (toml) => {
      try {
        read(toml);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a peer to attach that stands twice is a mistake", () => {
  const toml = `[call]\nattach = ["head", "home", "head"]`;
  throws(
    () => configOf(parseToml("alknet.toml", toml)),
    /alknet\.toml:2:1: "head" stands in "attach" twice/,
  );
});

Deno.test("locate() finds keys in the right one of several tables", () => {
  const toml = '[[peer]]\nid = "a"\n\n[[peer]]\n  "id" = "b"\n';
  deepStrictEqual(locate(toml, { table: "peer", index: 1, key: "id" }), { line: 5, column: 3 });
  deepStrictEqual(locate(toml, { table: "peer", index: 1, key: "none" }), { line: 4, column: 1 });
  deepStrictEqual(locate(toml, { table: "none" }), { line: 1, column: 1 });
});

Deno.test("config errors are for people: exit code 3", () => {
  doesNotThrow(() => read(""));
  throws(() => read("[x]"), (error) => error instanceof CliError && error.exitCode === 3);
});
