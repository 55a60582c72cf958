/** Below the ports that Linux gives to whoever asks for any (32,768 and above). */
const FIRST = 20_000;
const COUNT = 12_000;

const given = new Set<number>();

/**
 * A port of loopback, free a moment ago, for programs that cannot choose one themselves. No
 * connection of anybody else's is given it meanwhile, as happened with ports that the system chose.
 */
export function freePort(): number {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (given.has(port) || !isFree(port)) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
