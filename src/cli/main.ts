/**
 * Entry of the program. QUIC stands behind a flag that a plain `deno run` does not set, so without
 * it the program runs itself again, with the flag, as a child.
 *
 * @module
 */
import { runCli } from "./mod.ts";
import { runAgainWithQuic } from "./run_again.ts";

if (import.meta.main) {
  const again = typeof Deno.QuicEndpoint === "undefined";
  Deno.exit(again ? await runAgainWithQuic() : await runCli(Deno.args));
}
