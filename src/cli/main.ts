/**
 * Entry of the program. QUIC stands behind a flag that a plain `deno run` does not set, so without
 * it the program runs itself again, with the flag, as a child.
 *
 * @module
 */
import { runCli } from "./mod.ts";
import { runAgainWithQuic } from "./run_again.ts";

/** Time for the last packets, a QUIC connection's close among them, to leave the process. */
const FLUSH_MS = 50;

if (import.meta.main) {
  const again = typeof Deno.QuicEndpoint === "undefined";
  const code = again ? await runAgainWithQuic() : await runCli(Deno.args);
  setTimeout(() => Deno.exit(code), FLUSH_MS);
}
