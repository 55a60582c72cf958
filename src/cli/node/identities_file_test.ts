import { deepStrictEqual, match, rejects, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { parseToml } from "../config/read_tables.ts";
import { ConfigError } from "../errors.ts";
import {
  type FilePeer,
  identitiesOf,
  readIdentities,
  updateIdentities,
} from "./identities_file.ts";
import { LiveIdentities } from "./live_identities.ts";

const PRINT = `ed25519:${"0".repeat(64)}`;

function peer(peerId: string): FilePeer {
  return {
    peerId,
    addresses: [],
    fingerprints: [],
    sshKeys: [],
    scopes: [],
    resources: {},
    enabled: true,
  };
}

async function inTempDir(test: (file: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(join(directory, "identities.toml"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function read(text: string): ReturnType<typeof identitiesOf> {
  return identitiesOf(parseToml("identities.toml", text));
}

Deno.test("what is written reads back the same", () =>
  inTempDir(async (file) => {
    const written: FilePeer = {
      ...peer("laptop"),
      displayName: 'a "quoted"\nname',
      nodeId: "y".repeat(52),
      addresses: ["[::1]:4433"],
      fingerprints: [PRINT],
      sshKeys: ["AAAA"],
      scopes: ["git:read:team/site", "*"],
      resources: { service: ["gitea"] },
      enabled: false,
    };
    const token = {
      name: "ci",
      prefix: "abcdefgh",
      hash: `sha256:${"0".repeat(64)}`,
      scopes: ["git:read"],
      expiresAt: new Date("2030-01-01T00:00:00Z"),
    };
    await updateIdentities(file, () => ({ peers: [written], tokens: [token] }));
    const { peers, tokens } = await readIdentities(file);
    deepStrictEqual(peers, [{ authTokenHash: undefined, ...written }]);
    strictEqual(tokens[0]?.expiresAt?.getTime(), token.expiresAt.getTime());
    strictEqual(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("changes by twenty writers at once are all kept", () =>
  inTempDir(async (file) => {
    await Promise.all(Array.from({ length: 20 }, (_, index) =>
      updateIdentities(file, (now) => ({
        ...now,
        peers: [...now.peers, peer(`p${index}`)],
      }))));
    strictEqual((await readIdentities(file)).peers.length, 20);
  }));

Deno.test("a change that fails leaves the file as it was", () =>
  inTempDir(async (file) => {
    await updateIdentities(file, () => ({ peers: [peer("a")], tokens: [] }));
    const before = await Deno.readTextFile(file);
    await rejects(updateIdentities(file, () => {
      throw new TypeError("No");
    }));
    strictEqual(await Deno.readTextFile(file), before);
  }));

Deno.test("mistakes are told with their place", () => {
  const mistakes: [string, RegExp][] = [
    ["[[peer]]\nscopes = []", /1:1: .*needs "id"/],
    ['[[peer]]\nid = "a"\nscopes = ["git:*:x"]', /3:1: .*scope/],
    ['[[peer]]\nid = "a"\nfingerprints = ["ed25519:xyz"]', /3:1: "fingerprints"/],
    ['[[peer]]\nid = "a"\nenabled = 1', /3:1: "enabled"/],
    ['[[peer]]\nid = "a\\u0000"', /2:1: "id"/],
    ["peer = 1", /1:1: "peer" must be a table/],
    ['[[token]]\nname = "a"\nprefix = "b"\nhash = "c"\nexpires = 1', /5:1: "expires"/],
  ];
  for (const [text, message] of mistakes) throws(() => read(text), message);
});

Deno.test("whatever the file says, the answer is entries or a ConfigError", () => {
  fc.assert(fc.property(fc.string(), fc.jsonValue(), (key, value) => {
    const text = `[[peer]]\nid = "a"\n${JSON.stringify(key)} = ${JSON.stringify(value)}`;
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  }));
});

Deno.test("a running node takes up changes, and keeps the old peers when a new file is bad", () =>
  inTempDir(async (file) => {
    await using live = await LiveIdentities.open(file, "owner-print");
    strictEqual(live.provider.fromFingerprint("owner-print")?.id, "owner");
    const changed = Promise.withResolvers<void>();
    live.provider.onChange(changed.resolve);
    await updateIdentities(file, () => ({
      peers: [{ ...peer("b"), fingerprints: [PRINT] }],
      tokens: [],
    }));
    await changed.promise; // noticed without being told
    strictEqual(live.provider.fromFingerprint(PRINT)?.id, "b");
    await Deno.writeTextFile(file, '[[peer]]\nid = "b\n');
    await rejects(live.reload(), (error: Error) => {
      match(error.message, /identities\.toml:2:\d+/);
      return true;
    });
    strictEqual(live.provider.fromFingerprint(PRINT)?.id, "b");
  }));
