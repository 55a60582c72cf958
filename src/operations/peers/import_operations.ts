import { AdapterError } from "../adapter_error.ts";
import { CallCode, CallError } from "../call_error.ts";
import { importedOperation } from "../imported_operation.ts";
import type { Operation } from "../operation.ts";
import type { OperationSpec } from "../spec.ts";
import { type ForwardOptions, forwardTo } from "./forward.ts";
import { parseListing, parseNames, parseSpec } from "./parse_spec.ts";

/** Requests to another node: a call client of any transport. */
export interface RemoteOperations {
  /** Runs a query or mutation there; rejects with {@linkcode CallError}. */
  call(name: string, input?: unknown, options?: ForwardOptions): Promise<unknown>;
  /** Subscribes there; as slow as it is iterated. */
  subscribe(name: string, input?: unknown, options?: ForwardOptions): AsyncIterable<unknown>;
}

/** Settings of {@linkcode importOperations}. */
export interface ImportOptions {
  /** Put before each name, with a slash. Default: none. */
  readonly prefix?: string;
  /** Which operations to take, by their names there. Default: all. */
  readonly filter?: (name: string) => boolean;
  /** This node's id, which forwarded requests then carry in `via`. Default: they carry none. */
  readonly nodeId?: string;
  /** Most operations that the other node may offer. Default: 1,000. */
  readonly maxOperations?: number;
  /** Most JSON values in all their descriptions together. Default: 200,000. */
  readonly maxValues?: number;
  /** Time for each request, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Ends the import. Default: never. */
  readonly signal?: AbortSignal;
}

/** Requests for one description each that are under way at once. */
const CONCURRENCY = 8;

/**
 * Takes over what another node offers: asks it for its operations and makes one of each here that
 * forwards to it, with deadline, abort and backpressure, and with who asked here as `forwarded_for`.
 * They are internal, see {@linkcode importedOperation}.
 *
 * Access to them by scopes stays as the other node says; its resources are its own business.
 *
 * @param remote Requests to the other node.
 * @throws {AdapterError} When it cannot be asked, does not answer, or answers nonsense.
 * @throws The signal's reason once that aborts.
 *
 * @example
 * ```ts
 * import { importOperations } from "@alknet/operations";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const listed = [{ name: "disk/free", type: "query", inputSchema: true }];
 * const operations = await importOperations({
 *   call: () => Promise.resolve(listed),
 *   async *subscribe() {},
 * }, { prefix: "w1" });
 * deepStrictEqual(operations.map(({ spec }) => spec.name), ["w1/disk/free"]);
 * ```
 */
export async function importOperations(
  remote: RemoteOperations,
  options: ImportOptions = {},
): Promise<Operation[]> {
  const { filter = () => true, prefix } = options;
  const found = (await discover(remote, options)).filter(({ name }) => filter(name));
  const names = new Set<string>();
  return found.map((spec) => {
    const name = prefix === undefined ? spec.name : `${prefix}/${spec.name}`;
    if (names.has(name)) {
      throw new AdapterError("same-peer-collision", `Peer has two operations "${name}"`);
    }
    names.add(name);
    return imported(
      { ...spec, name, namespace: name.split("/", 1)[0] ?? name },
      () => forwardTo(remote, spec, options.nodeId),
    );
  });
}

function imported(
  spec: OperationSpec,
  handler: () => ReturnType<typeof forwardTo>,
): Operation {
  try {
    return importedOperation(spec, handler());
  } catch (cause) {
    const message = `Cannot take over operation "${spec.name.slice(0, 80)}" of the peer`;
    throw new AdapterError("schema-parse", message, { cause });
  }
}

/** One reply where the other node knows how, else one for each operation. */
async function discover(
  remote: RemoteOperations,
  options: ImportOptions,
): Promise<OperationSpec[]> {
  const { maxOperations = 1_000, maxValues = 200_000 } = options;
  const reply = await ask(remote, "services/list", { schemas: true }, options);
  const listing = parseListing(reply, { maxOperations, maxValues });
  if (listing.every((each) => "inputSchema" in each)) return listing.map(parseSpec);
  const names = parseNames(listing);
  const replies: unknown[] = [];
  for (let at = 0; at < names.length; at += CONCURRENCY) {
    const some = names.slice(at, at + CONCURRENCY);
    replies.push(
      ...await Promise.all(some.map((name) => ask(remote, "services/schema", { name }, options))),
    );
    parseListing(replies, { maxOperations, maxValues }); // the limits count over all
  }
  return parseListing(replies, { maxOperations, maxValues }).map(parseSpec);
}

async function ask(
  remote: RemoteOperations,
  name: string,
  input: unknown,
  { timeoutMs = 30_000, signal }: ImportOptions,
): Promise<unknown> {
  try {
    return await remote.call(name, input, { timeoutMs, ...(signal ? { signal } : {}) });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    if (!(cause instanceof CallError)) throw cause;
    const code = CODE.test(cause.code) ? cause.code : "a code that is none";
    throw new AdapterError(kindOf(cause), `Peer does not answer ${name}: ${code}`, { cause });
  }
}

/** What may be shown of a code: it comes from the peer. */
const CODE = /^[A-Za-z0-9_:.-]{1,64}$/;

const TRANSPORT: ReadonlySet<string> = new Set([
  CallCode.Aborted,
  CallCode.ResourceExhausted,
  CallCode.Timeout,
  CallCode.Unavailable,
]);

function kindOf({ code }: CallError): AdapterError["kind"] {
  if (code === CallCode.Forbidden) return "unauthorized";
  return TRANSPORT.has(code) ? "transport" : "discovery-failed";
}
