import { connectSftp } from "../client/sftp_client.ts";
import { type Carried, type Carrier, CarrierError, openCarrier } from "./carrier.ts";
import { WebFiles } from "./web_files.ts";

/** What {@linkcode connectFiles} needs to know. */
export interface ConnectFilesOptions {
  /** The node's origin, such as `https://node.example:4433`. */
  readonly node: string | URL;
  /** A bearer token of the node (`alknet token create`). */
  readonly token: string;
  /** What is tried, in this order. Default: WebTransport, then WebSocket. */
  readonly carriers?: readonly Carrier[];
  /**
   * Time for each, and for SFTP to begin on it, in milliseconds: where UDP is dropped nothing says so.
   * Default: 5,000.
   */
  readonly carrierTimeoutMs?: number;
  /** SHA-256 of the node's own certificate, where no authority vouches for it; WebTransport only. */
  readonly certificateHashes?: readonly Uint8Array<ArrayBuffer>[];
  /** Gives up. */
  readonly signal?: AbortSignal;
}

const CARRIERS: readonly Carrier[] = ["webtransport", "websocket"];
const CARRIER_TIMEOUT_MS = 5_000;

/**
 * Connects a page to the files of a node. The page has to be of the node's own origin, such as one of
 * its sites: to other pages the node gives no tickets.
 *
 * @param options Which node, and who asks.
 * @returns The files; dispose of them to end the session.
 * @throws {CarrierError} When the node is reached in no way; its cause has one error for each.
 * @throws {SftpError} When it is reached and refuses: the token has no scope for files.
 *
 * @example
 * ```ts
 * import { CarrierError, connectFiles } from "@alknet/sftp/browser";
 * import { rejects } from "node:assert/strict";
 *
 * const nobody = connectFiles({ node: "https://127.0.0.1:1", token: "alk_secret" });
 * await rejects(nobody, CarrierError);
 * ```
 */
export async function connectFiles(options: ConnectFilesOptions): Promise<WebFiles> {
  const { carrierTimeoutMs = CARRIER_TIMEOUT_MS, signal } = options;
  const carried = await firstCarrier(options);
  const late = AbortSignal.timeout(carrierTimeoutMs);
  late.addEventListener("abort", carried.close);
  try {
    return new WebFiles(await connectSftp(carried.stream, { signal }), carried);
  } catch (cause) {
    carried.close();
    throw late.aborted ? new CarrierError("Cannot begin SFTP: no answer", { cause }) : cause;
  } finally {
    late.removeEventListener("abort", carried.close);
  }
}

async function firstCarrier(options: ConnectFilesOptions): Promise<Carried> {
  const { carriers = CARRIERS, carrierTimeoutMs = CARRIER_TIMEOUT_MS, signal } = options;
  const errors: unknown[] = [];
  for (const carrier of carriers) {
    const late = AbortSignal.timeout(carrierTimeoutMs);
    const ended = signal ? AbortSignal.any([signal, late]) : late;
    try {
      return await openCarrier(carrier, { ...options, signal: ended });
    } catch (error) {
      signal?.throwIfAborted();
      errors.push(error);
    }
  }
  const why = errors.map((error) => error instanceof Error ? error.message : "failed").join("; ");
  throw new CarrierError(`Cannot reach the node: ${why}`, { cause: new AggregateError(errors) });
}
