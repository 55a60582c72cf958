/** The C library of GNU systems; others have no such function, and give memory back themselves. */
const LIBRARY = "libc.so.6";
const SYMBOLS = {
  malloc_trim: { parameters: ["usize"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;
const LOOK_MS = 10_000;
/** Resident memory may grow by so much before it is worth the while, some 20 ms of a thread. */
const SLACK_BYTES = 16 * 1024 * 1024;

/** How memory is watched. */
export interface SpareMemoryOptions {
  /** How often, in milliseconds. Default: 10,000. */
  readonly lookMs?: number;
  /** By how many bytes it may grow in between. Default: 16 MiB. */
  readonly slackBytes?: number;
}

/**
 * Gives freed memory back to the system whenever the process has grown. glibc keeps what lies
 * between memory in use for itself: after a few gigabytes of traffic a node would stay several times
 * as large as it has to be.
 *
 * @returns Disposed of, it looks no more. It does nothing where the library or the permission for
 * it is missing.
 */
export function giveBackSpareMemory(options: SpareMemoryOptions = {}): AsyncDisposable {
  const library = open();
  if (!library) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const { lookMs = LOOK_MS, slackBytes = SLACK_BYTES } = options;
  let settled = residentBytes();
  let trimming: Promise<void> | undefined;
  const trim = async (): Promise<void> => {
    await library.symbols.malloc_trim(0n);
    settled = residentBytes();
    trimming = undefined;
  };
  const timer = setInterval(() => {
    const now = residentBytes();
    settled = Math.min(settled, now);
    if (now - settled > slackBytes) trimming ??= trim();
  }, lookMs);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await trimming;
      library.close();
    },
  };
}

function residentBytes(): number {
  return Deno.memoryUsage().rss;
}

function open(): Deno.DynamicLibrary<typeof SYMBOLS> | undefined {
  const permission = { name: "ffi", path: LIBRARY } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return undefined;
  try {
    return Deno.dlopen(LIBRARY, SYMBOLS);
  } catch {
    return undefined; // not for this system
  }
}
