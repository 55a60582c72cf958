import {
  type AgentIdentity,
  type AgentRequest,
  type AgentResponse,
  decodeRequest,
  encodeResponse,
} from "./agent_codec.ts";
import { AgentProtocolError } from "./agent_errors.ts";
import type { AgentLock } from "./agent_lock.ts";
import { type SignableForm, signableForm } from "./agent_signable.ts";
import { type Bytes, wipe } from "./bytes.ts";

/** Extension that returns the data key of the vault file. */
export const DATA_KEY_EXTENSION = "data-key@alknet";

/** What ssh sends over an agent connection that it uses itself or forwards to a server. */
const SESSION_BIND_EXTENSION = "session-bind@openssh.com";

/** What a session asks for keys. */
export interface AgentKeys {
  /** Keys to list; none while the vault is locked. */
  identities(): readonly AgentIdentity[];
  /** Signature in the encoding of RFC 8709, or undefined for a key that is not there. */
  sign(key: Uint8Array, data: Uint8Array): Promise<Bytes | undefined>;
  /** A copy of the data key, or undefined while the vault is locked. */
  dataKey(): Bytes | undefined;
}

/**
 * One client of the agent: a request in, an answer out, whatever the bytes.
 *
 * ```
 *   locked                                    only UNLOCK does something; the list of keys is empty
 *   unlocked ── session-bind ──► bound        no data key any more: this is ssh, perhaps forwarding
 * ```
 */
export class AgentSession {
  readonly #keys: AgentKeys;
  readonly #lock: AgentLock;
  #isBound = false;

  /** Sessions of one agent share its lock. */
  constructor(keys: AgentKeys, lock: AgentLock) {
    this.#keys = keys;
    this.#lock = lock;
  }

  /** The answer to one message, which the caller wipes with the message. */
  async handle(message: Uint8Array): Promise<Bytes> {
    try {
      return await this.#answer(decodeRequest(message));
    } catch (error) {
      if (error instanceof AgentProtocolError) return encodeResponse({ type: "failure" });
      throw error;
    }
  }

  async #answer(request: AgentRequest): Promise<Bytes> {
    if (this.#lock.isLocked && request.type !== "unlock") return this.#lockedAnswer(request);
    switch (request.type) {
      case "identities":
        return encodeResponse({ type: "identities", identities: this.#keys.identities() });
      case "sign":
        return encodeResponse(await this.#sign(request.key, request.data));
      case "lock":
      case "unlock": {
        const done = this.#lock[request.type](request.passphrase);
        wipe(request.passphrase);
        return encodeResponse({ type: done ? "success" : "failure" });
      }
      case "extension":
        return this.#extension(request.name);
      case "unsupported":
        return encodeResponse({ type: "failure" });
    }
  }

  #lockedAnswer({ type }: AgentRequest): Bytes {
    if (type === "identities") return encodeResponse({ type, identities: [] });
    return encodeResponse({ type: "failure" });
  }

  async #sign(key: Bytes, data: Bytes): Promise<AgentResponse> {
    const form: SignableForm | undefined = signableForm(data, key);
    const signature = form && await this.#keys.sign(key, data);
    return signature ? { type: "signature", signature } : { type: "failure" };
  }

  #extension(name: string): Bytes {
    if (name === SESSION_BIND_EXTENSION) this.#isBound = true;
    if (name !== DATA_KEY_EXTENSION) return encodeResponse({ type: "failure" });
    const contents = this.#isBound ? undefined : this.#keys.dataKey();
    if (!contents) return encodeResponse({ type: "extension-failure" });
    const answer = encodeResponse({ type: "extension", name, contents });
    wipe(contents);
    return answer;
  }
}
