import { issueLeaf, type Leaf, nodeServerName } from "./certificate.ts";
import { ListenError } from "./errors.ts";
import { leafFromPem, namesOfLeaf, type PemPair } from "./leaf_pem.ts";
import type { NodeKey } from "./node_id.ts";

/** Where a listener's certificate comes from, and how it learns of the next one. */
export interface CertificateSource extends Disposable {
  /** The leaf for handshakes to come. */
  readonly leaf: Leaf;
  /** Names the leaf is valid for, lower case. */
  readonly names: readonly string[];
  /** Called with nothing whenever `leaf` has changed. Set by the listener. */
  onChange?: () => void;
  /** Called when a new certificate could not be had and the old one stays. Set by the endpoint. */
  onError?: (error: unknown) => void;
}

/** What {@linkcode nodeCertificates} can be told. */
export interface NodeCertificateOptions {
  /** DNS names and addresses besides the node's own name. Default: none. */
  readonly names?: readonly string[];
  /** Time between rotations. Default: one day, far below the leaf's 12. */
  readonly rotateEveryMs?: number;
}

const DAY_MS = 86_400_000;

/**
 * Leaves issued under the node key and rotated while connections live on.
 *
 * @param key The node key.
 * @param options Names and rotation.
 * @returns The source; dispose of it to stop rotating.
 *
 * @example
 * ```ts
 * import { generateNodeKey, nodeCertificates, nodeServerName } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * const key = await generateNodeKey();
 * using source = await nodeCertificates(key);
 * strictEqual(source.names[0], nodeServerName(key.publicKey));
 * ```
 */
export async function nodeCertificates(
  key: NodeKey,
  options: NodeCertificateOptions = {},
): Promise<CertificateSource> {
  const { names = [], rotateEveryMs = DAY_MS } = options;
  const source: Writable<CertificateSource> = {
    leaf: await issueLeaf(key, { names }),
    names: [nodeServerName(key.publicKey), ...names.map((name) => name.toLowerCase())],
    [Symbol.dispose]: () => stop(),
  };
  const stop = every(rotateEveryMs, source, async () => {
    source.leaf = await issueLeaf(key, { names });
    source.onChange?.();
  });
  return source;
}

/** What {@linkcode fileCertificates} can be told. */
export interface FileCertificateOptions {
  /** PEM chain, leaf first. */
  readonly certFile: string;
  /** PEM private key. */
  readonly keyFile: string;
  /** Time between looks at the files. Default: 5,000. */
  readonly pollMs?: number;
}

/**
 * A certificate from PEM files, read again when they change; a broken new pair changes nothing.
 *
 * @param options The files.
 * @returns The source; dispose of it to stop looking.
 * @throws {ListenError} When the files cannot be read or do not fit together.
 *
 * @example
 * ```ts
 * import { fileCertificates, generateNodeKey, issueLeaf } from "@alknet/core";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const { cert, key, sha256 } = await issueLeaf(await generateNodeKey());
 * const [certFile, keyFile] = [await Deno.makeTempFile(), await Deno.makeTempFile()];
 * await Deno.writeTextFile(certFile, cert);
 * await Deno.writeTextFile(keyFile, key);
 * using source = await fileCertificates({ certFile, keyFile });
 * deepStrictEqual(source.leaf.sha256, sha256);
 * await Promise.all([Deno.remove(certFile), Deno.remove(keyFile)]);
 * ```
 */
export async function fileCertificates(
  options: FileCertificateOptions,
): Promise<CertificateSource> {
  const { certFile, keyFile, pollMs = 5_000 } = options;
  let pair = await readPair(certFile, keyFile);
  const source: Writable<CertificateSource> = {
    leaf: await leafFromPem(pair),
    names: namesOfLeaf(pair),
    [Symbol.dispose]: () => stop(),
  };
  const stop = every(pollMs, source, async () => {
    const next = await readPair(certFile, keyFile);
    if (next.cert === pair.cert && next.key === pair.key) return;
    source.leaf = await leafFromPem(next);
    source.names = namesOfLeaf(next);
    pair = next;
    source.onChange?.();
  });
  return source;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Runs a task over and over, never twice at once; returns what ends it. */
function every(ms: number, source: CertificateSource, task: () => Promise<void>): () => void {
  const stopped = new AbortController();
  const wait = (): void => {
    const timer = setTimeout(run, ms);
    Deno.unrefTimer(Number(timer));
    stopped.signal.onabort = () => clearTimeout(timer);
  };
  const run = (): void => {
    task().catch((error) => source.onError?.(error))
      .then(() => stopped.signal.aborted ? undefined : wait());
  };
  wait();
  return () => stopped.abort();
}

async function readPair(certFile: string, keyFile: string): Promise<PemPair> {
  const [cert, key] = await Promise.all([certFile, keyFile].map(readText));
  if (cert === undefined || key === undefined) throw new ListenError("Cannot read certificate");
  return { cert, key };
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ListenError(`Cannot read "${path}": ${detail}`, { cause: error });
  }
}
