/** The programs of OpenSSH against the agent. */
import { match, notStrictEqual, strictEqual } from "node:assert/strict";

import { serveVaultAgent } from "./mod.ts";
import { knownVault, tempDirectory } from "./testdata/known.ts";
import { missing, testOrSkip } from "../../tests/tools/skip.ts";

const lacking = missing("ssh-add") ?? missing("ssh-keygen");

testOrSkip("ssh-add -L and -l list both keys with their comments", lacking, async () => {
  await using setup = await running();
  const keys = await setup.run("ssh-add", ["-L"]);
  match(keys.out, /^ssh-ed25519 AAAA\S+ alknet-identity\nssh-ed25519 AAAA\S+ alknet-ssh-host\n$/);
  const fingerprints = await setup.run("ssh-add", ["-l"]);
  match(
    fingerprints.out,
    /^256 SHA256:\S+ alknet-identity \(ED25519\)\n256 SHA256:\S+ alknet-ssh-host/,
  );
});

testOrSkip(
  "ssh-keygen -Y signs through the agent what ssh-keygen -Y verifies",
  lacking,
  async () => {
    await using setup = await running();
    const { path, run } = setup;
    const [identity, host] = (await run("ssh-add", ["-L"])).out.trimEnd().split("\n");
    for (const key of [identity, host]) {
      await Deno.writeTextFile(`${path}/key.pub`, `${key}\n`);
      await Deno.writeTextFile(`${path}/allowed`, `someone ${key}\n`);
      await Deno.writeTextFile(`${path}/message`, "hello\n");
      const sign = ["-Y", "sign", "-f", `${path}/key.pub`, "-n", "file", `${path}/message`];
      const signed = await run("ssh-keygen", sign);
      strictEqual(signed.code, 0, signed.err);
      const verify = ["-Y", "verify", "-f", `${path}/allowed`, "-I", "someone", "-n", "file"];
      const signature = ["-s", `${path}/message.sig`];
      strictEqual((await run("ssh-keygen", [...verify, ...signature], "hello\n")).code, 0);
      notStrictEqual((await run("ssh-keygen", [...verify, ...signature], "other\n")).code, 0);
      await Deno.remove(`${path}/message.sig`);
    }
  },
);

testOrSkip("ssh-add -T gets no signature: it asks to sign random bytes", lacking, async () => {
  await using setup = await running();
  const key = (await setup.run("ssh-add", ["-L"])).out.split("\n")[0];
  await Deno.writeTextFile(`${setup.path}/key.pub`, `${key}\n`);
  const tested = await setup.run("ssh-add", ["-T", `${setup.path}/key.pub`]);
  notStrictEqual(tested.code, 0);
  match(tested.err, /refused operation/);
});

testOrSkip("ssh-add -x locks and -X unlocks, and -D removes nothing", lacking, async () => {
  await using setup = await running();
  const { path, run } = setup;
  await Deno.writeTextFile(`${path}/askpass`, "#!/bin/sh\necho secret\n", { mode: 0o700 });
  strictEqual((await run("ssh-add", ["-x"])).code, 0);
  match((await run("ssh-add", ["-l"])).out, /no identities/);
  strictEqual((await run("ssh-add", ["-X"])).code, 0);
  notStrictEqual((await run("ssh-add", ["-D"])).code, 0);
  match((await run("ssh-add", ["-l"])).out, /alknet-identity/);
});

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function running() {
  const directory = await tempDirectory();
  const vault = await knownVault();
  const socketPath = `${directory.path}/agent.sock`;
  const agent = await serveVaultAgent({ vault, dataKey: new Uint8Array(32), socketPath });
  return {
    path: directory.path,
    run: (program: string, args: readonly string[], input = "") =>
      run(program, args, input, {
        SSH_AUTH_SOCK: socketPath,
        SSH_ASKPASS: `${directory.path}/askpass`,
        SSH_ASKPASS_REQUIRE: "force",
      }),
    async [Symbol.asyncDispose](): Promise<void> {
      await agent[Symbol.asyncDispose]();
      vault.lock();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function run(
  program: string,
  args: readonly string[],
  input: string,
  env: Record<string, string>,
): Promise<Result> {
  const child = new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out ?? "", err: err ?? "" };
}
