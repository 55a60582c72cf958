const SETTLE_MS = 3_000;
const OPENERS = 32;

/** What is opened, and where. */
export interface MemorySubject<Open> {
  /** The server's memory now. */
  readonly rssBytes: () => number;
  readonly open: () => Promise<Open>;
  readonly close: (open: Open) => void;
}

/** Bytes of a server's memory (RSS) that each of so many things takes that do nothing. */
export async function memoryOfEach<Open>(
  { rssBytes, open, close }: MemorySubject<Open>,
  count: number,
): Promise<number> {
  const all = [await open()]; // code and tables that the first one loads
  await pause(SETTLE_MS / 3);
  const before = rssBytes();
  let wanted = count;
  await Promise.all(Array.from({ length: OPENERS }, async () => {
    while (wanted-- > 0) all.push(await open());
  }));
  await pause(SETTLE_MS);
  const each = (rssBytes() - before) / count;
  for (const one of all) close(one);
  return each;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
