/** Changes the passphrase of a vault file between "a" and "b" until it is killed; tells each change. */
import { changePassphrase } from "../mod.ts";

const path = Deno.args[0] ?? "";
const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };
const [a, b] = ["a", "b"].map((text) => new TextEncoder().encode(text));
for (let [from, to] = [a, b]; from && to; [from, to] = [to, from]) {
  await changePassphrase({ path, oldPassphrase: from, newPassphrase: to, argon2 });
  await Deno.stdout.write(new Uint8Array([46]));
}
