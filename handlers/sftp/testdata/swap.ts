/**
 * Makes "d" in the current directory by turns a directory and a link to one outside, as fast as it
 * can: the other side of a race.
 */
Deno.renameSync("d", "d1");
Deno.symlinkSync("../outside", "d2");
Deno.stdout.writeSync(new TextEncoder().encode("running\n"));
for (;;) {
  Deno.renameSync("d1", "d");
  Deno.renameSync("d", "d1");
  Deno.renameSync("d2", "d");
  Deno.renameSync("d", "d2");
}
