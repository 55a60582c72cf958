import { type AgentClientOptions, exchange } from "./agent_client.ts";
import { decodeResponse, encodeRequest } from "./agent_codec.ts";
import { AgentRefusedError } from "./agent_errors.ts";
import { type Bytes, copyOf } from "./bytes.ts";

/** A key that an SSH agent holds and signs with. */
export interface AgentKey {
  /** Public key in the encoding of RFC 4253 section 6.6. */
  readonly blob: Uint8Array<ArrayBuffer>;
  /** What the agent calls it. */
  readonly comment: string;
  /**
   * Has a message signed; somebody may be asked about it first.
   *
   * @param message What to sign.
   * @returns The signature in the encoding of RFC 4253 section 6.6; RSA keys sign with SHA-512.
   * @throws {AgentRefusedError} Where the agent does not sign that.
   * @throws {AgentUnavailableError} Where no agent answers in time.
   */
  sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
}

/** SSH_AGENT_RSA_SHA2_512 (RFC 9987 section 3.6.1); agents take no notice with other keys. */
const RSA_SHA2_512 = 4;
/** Somebody may have to be found, and to touch something. */
const SIGN_TIMEOUT_MS = 60_000;

/**
 * The keys of an SSH agent: OpenSSH's, alknet's own, or any other.
 *
 * @param socketPath Where it listens, such as `SSH_AUTH_SOCK`.
 * @throws {AgentUnavailableError} Where no agent answers in time.
 * @throws {AgentRefusedError} Where the agent shows no keys.
 * @throws {AgentProtocolError} For an answer that is none.
 *
 * @example
 * ```ts
 * import { agentKeys, AgentUnavailableError } from "@alknet/vault";
 * import { rejects } from "node:assert/strict";
 *
 * await rejects(agentKeys("/nowhere/agent.sock"), AgentUnavailableError);
 * ```
 */
export async function agentKeys(
  socketPath: string,
  options: AgentClientOptions = {},
): Promise<AgentKey[]> {
  const request = encodeRequest({ type: "identities" });
  const response = decodeResponse(await exchange(socketPath, request, options));
  if (response.type !== "identities") throw new AgentRefusedError("The agent shows no keys");
  return response.identities.map(({ key, comment }) => ({
    blob: key,
    comment,
    sign: (message) => sign(socketPath, key, message, options),
  }));
}

async function sign(
  socketPath: string,
  key: Bytes,
  message: Uint8Array,
  options: AgentClientOptions,
): Promise<Bytes> {
  const request = encodeRequest({ type: "sign", key, data: copyOf(message), flags: RSA_SHA2_512 });
  const patient = { timeoutMs: SIGN_TIMEOUT_MS, ...options };
  const response = decodeResponse(await exchange(socketPath, request, patient));
  if (response.type === "signature") return response.signature;
  throw new AgentRefusedError("The agent does not sign with this key");
}
