/** Prints what it reads from the descriptor of its first argument, as hexadecimal. */
import { readSecretFromFd } from "../mod.ts";

const [fd, maxBytes] = Deno.args.map(Number);
try {
  const secret = await readSecretFromFd(fd ?? NaN, maxBytes ?? 0);
  await Deno.stdout.write(new TextEncoder().encode(secret.toHex()));
} catch (error) {
  await Deno.stdout.write(new TextEncoder().encode(`${error}`));
}
