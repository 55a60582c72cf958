import { deepStrictEqual, match, rejects, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { parseToml } from "../config/read_tables.ts";
import { ConfigError } from "../errors.ts";
import { identitiesOf } from "./identities_file.ts";
import { LiveIdentities } from "./live_identities.ts";

const PRINT = `ed25519:${"0".repeat(64)}`;

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

Deno.test("every key of a peer and a token is taken up", () => {
  const { peers, tokens } = read(`
    [[peer]]
    id = "laptop"
    display_name = "My laptop"
    node_id = "${"y".repeat(52)}"
    addresses = ["[::1]:4433"]
    fingerprints = ["${PRINT}"]
    ssh_keys = ["AAAA"]
    scopes = ["git:read:team/site", "*"]
    enabled = false
    [peer.resources]
    service = ["gitea"]

    [[token]]
    name = "ci"
    prefix = "abcdefgh"
    hash = "sha256:${"0".repeat(64)}"
    scopes = ["git:read"]
    expires = 2030-01-01T00:00:00Z
  `);
  deepStrictEqual(peers, [{
    peerId: "laptop",
    displayName: "My laptop",
    nodeId: "y".repeat(52),
    addresses: ["[::1]:4433"],
    fingerprints: [PRINT],
    sshKeys: ["AAAA"],
    authTokenHash: undefined,
    scopes: ["git:read:team/site", "*"],
    resources: { service: ["gitea"] },
    enabled: false,
  }]);
  strictEqual(tokens[0]?.expiresAt?.toISOString(), "2030-01-01T00:00:00.000Z");
});

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
    await using live = await LiveIdentities.open(file);
    const changed = Promise.withResolvers<void>();
    live.provider.onChange(changed.resolve);
    await Deno.writeTextFile(file, `[[peer]]\nid = "b"\nfingerprints = ["${PRINT}"]\n`);
    await changed.promise; // noticed without being told
    strictEqual(live.provider.fromFingerprint(PRINT)?.id, "b");
    await Deno.writeTextFile(file, '[[peer]]\nid = "b\n');
    await rejects(live.reload(), (error: Error) => {
      match(error.message, /identities\.toml:2:\d+/);
      return true;
    });
    strictEqual(live.provider.fromFingerprint(PRINT)?.id, "b");
  }));
