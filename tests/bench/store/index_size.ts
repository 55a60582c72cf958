import { setImmediate as nextTurn } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";

import { createToken, hashToken } from "../../../src/core/mod.ts";
import { openStore, type Store } from "../../../src/store/mod.ts";
import { fingerprint, peer } from "../../../src/store/testing/harness.ts";
import { tempDirectory } from "../../../src/store/testing/temp.ts";
import { heldBytes } from "../../tools/heap.ts";
import { microseconds, printLine } from "./print.ts";

/** Look-ups, memory and rebuilding at a number of peers, one in ten of which has a token. */
export async function measureIndex(size: number): Promise<void> {
  await using directory = await tempDirectory();
  const path = `${directory.path}/store.db`;
  await (await openStore(`sqlite:${path}`))[Symbol.asyncDispose]();
  const tokens = fill(path, size);
  const memory = await heldBytes();
  const opening = await watched(() => openStore(`sqlite:${path}`));
  await using store = opening.result;
  const bytes = (await heldBytes() - memory) / size;
  printLine(`${size} peers: ${lookUps(store, size, tokens)}`);
  printLine(
    `  read in ${opening.text}${size > 10 ? `, ${bytes.toFixed(0)} bytes of memory a peer` : ""}`,
  );
  const change = await watched(() => store.identities.updatePeer("p-1", { enabled: false }));
  printLine(`  one peer changed: ${change.text}`);
  const rebuild = await watched(() => readAnew(store));
  printLine(`  everything read anew and swapped: ${rebuild.text}`);
}

function lookUps(store: Store, size: number, tokens: readonly string[]): string {
  const keys = Array.from({ length: 10_000 }, (_, n) => fingerprint(n * 7_919 % size));
  const known = microseconds(10_000, (n) => store.identities.fromFingerprint(keys[n] ?? ""));
  const unknown = microseconds(10_000, (n) => store.identities.fromFingerprint(`x${keys[n]}`));
  const token = microseconds(
    10_000,
    (n) => store.identities.fromToken(tokens[n % tokens.length] ?? ""),
  );
  return `fingerprint ${known} us, unknown ${unknown} us, token ${token} us`;
}

/** Without the log a reader has to begin anew. */
async function readAnew(store: Store): Promise<void> {
  await store.backend.write(async (tx, touch) => {
    await tx.deleteFrom("notifications").execute();
    touch("store", "bench");
  });
  await store.refresh();
}

/** Fills the tables without the store, which would take a while. */
function fill(path: string, size: number): string[] {
  using db = new DatabaseSync(path);
  const peers = db.prepare(
    "insert into peers values (?, null, null, '[]', ?, '[]', '{}', ?, null, 1, 0, 0)",
  );
  const keys = db.prepare("insert into peer_keys values (?, ?, 0)");
  const tokens: string[] = [];
  db.exec("begin immediate");
  for (let n = 0; n < size; n++) {
    const { peerId, fingerprints, scopes } = peer(`p-${n}`, n);
    const { token } = n % 10 === 0 ? createToken() : { token: undefined };
    if (token !== undefined && tokens.length < 1_000) tokens.push(token);
    peers.run(peerId, JSON.stringify(scopes), token === undefined ? null : hashToken(token));
    keys.run(fingerprints[0] ?? "", peerId);
  }
  db.exec("commit");
  return tokens;
}

/** Runs something and tells how long it took, and the longest turn of the event loop meanwhile. */
async function watched<T>(work: () => Promise<T>): Promise<{ result: T; text: string }> {
  const start = performance.now();
  let longest = 0;
  let done = false;
  const working = work().finally(() => done = true);
  for (let last = performance.now(); !done;) {
    await nextTurn();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  const result = await working;
  const total = (performance.now() - start).toFixed(1);
  return { result, text: `${total} ms, longest turn ${longest.toFixed(1)} ms` };
}
