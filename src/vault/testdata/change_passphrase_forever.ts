/** Changes the passphrase of a vault file between "a" and "b" until it is killed. */
import { changePassphrase } from "../mod.ts";

const path = Deno.args[0] ?? "";
const argon2 = { memoryKib: 8, passes: 1, parallelism: 1 };
const [a, b] = ["a", "b"].map((text) => new TextEncoder().encode(text));
// deno-lint-ignore no-console
console.log("started");
for (;;) {
  if (!a || !b) break;
  await changePassphrase({ path, oldPassphrase: a, newPassphrase: b, argon2 });
  await changePassphrase({ path, oldPassphrase: b, newPassphrase: a, argon2 });
}
