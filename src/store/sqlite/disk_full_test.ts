import { match, ok, strictEqual } from "node:assert/strict";
import { StoreBackendError } from "../errors.ts";
import { openStore } from "../store.ts";
import { errorOf, fingerprint, peer } from "../testing/harness.ts";
import { tempDirectory } from "../testing/temp.ts";

const reason = Deno.build.os !== "linux" || Deno.uid() !== 0 ? "needs root for a tmpfs" : "";
const name = "a full disk refuses writes, spares what is there, and is over when there is space";

Deno.test({
  name: reason ? `${name} [skip: ${reason}]` : name,
  ignore: reason !== "",
  fn: async () => {
    await using directory = await tempDirectory();
    await run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", directory.path);
    try {
      await fill(directory.path);
    } finally {
      await run("umount", directory.path);
    }
  },
});

async function fill(directory: string): Promise<void> {
  await using store = await openStore(`sqlite:${directory}/store.db`);
  await store.identities.putPeer(peer("alice", 1));
  const ballast = new Uint8Array(1_000_000);
  await Deno.writeFile(`${directory}/ballast`, ballast.fill(1)).catch(() => {}); // as far as it goes
  let written = 0;
  const error = await errorOf((async (): Promise<void> => {
    for (let n = 10;; n++, written++) {
      await store.settings.put(`s-${n}`, "x".repeat(20_000));
    }
  })());
  ok(error instanceof StoreBackendError);
  strictEqual(error.fault, "full");
  match(error.message, /^No space is left/);
  strictEqual(store.identities.fromFingerprint(fingerprint(1))?.id, "alice");
  strictEqual((await store.stats()).rows.settings, written);
  await Deno.remove(`${directory}/ballast`);
  await store.identities.putPeer(peer("bob", 2));
  strictEqual((await store.backend.check()).ok, true);
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  ok(success, new TextDecoder().decode(stderr));
}
