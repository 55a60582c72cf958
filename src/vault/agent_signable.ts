/**
 * What the agent signs. The node identity key also signs TLS certificates and peer proofs, so an agent
 * that signs anything would give whoever reaches its socket the node's identity. It signs two forms,
 * neither of which any other use of the key produces:
 *
 * - an SSH user authentication request (RFC 4252 section 7), which begins with the length of a session
 *   id, 00 00 00 14 to 00 00 00 40. DER begins with 30, a TLS 1.3 CertificateVerify with 64 spaces, a
 *   peer proof with ASCII text; an SSH exchange hash is shorter than any request;
 * - an SSHSIG blob (OpenSSH PROTOCOL.sshsig), which begins with "SSHSIG".
 */
import { AgentProtocolError } from "./agent_errors.ts";
import { equalBytes, utf8 } from "./bytes.ts";
import { SshReader } from "./ssh_wire.ts";

/** The two forms. */
export type SignableForm = "userauth" | "sshsig";

const USERAUTH_REQUEST = 50;
const ALGORITHM = "ssh-ed25519";
const MAGIC = utf8("SSHSIG");

/** Lengths of the hashes that SSH key exchanges are made with: SHA-1 to SHA-512. */
const MIN_SESSION_ID_BYTES = 20;
const MAX_SESSION_ID_BYTES = 64;

const HASH_BYTES: ReadonlyMap<string, number> = new Map([["sha256", 32], ["sha512", 64]]);

/**
 * Tells which form `data` has.
 *
 * @param data What a client wants signed.
 * @param key The public key it is to be signed with; a user authentication request names it.
 * @returns undefined for everything that is not to be signed.
 */
export function signableForm(data: Uint8Array, key: Uint8Array): SignableForm | undefined {
  try {
    if (equalBytes(data.subarray(0, MAGIC.length), MAGIC)) {
      return isSshsig(new SshReader(data.subarray(MAGIC.length))) ? "sshsig" : undefined;
    }
    return isUserauth(new SshReader(data), key) ? "userauth" : undefined;
  } catch (error) {
    if (error instanceof AgentProtocolError) return undefined;
    throw error;
  }
}

/** PROTOCOL.sshsig section 3: namespace, reserved, hash algorithm, hash. */
function isSshsig(reader: SshReader): boolean {
  const namespace = reader.bytes();
  reader.bytes();
  const length = HASH_BYTES.get(reader.text());
  return namespace.length > 0 && reader.bytes().length === length && reader.isAtEnd;
}

/** RFC 4252 section 7, and OpenSSH's host-bound form, which names the server's key as well. */
function isUserauth(reader: SshReader, key: Uint8Array): boolean {
  const sessionId = reader.bytes();
  if (sessionId.length < MIN_SESSION_ID_BYTES || sessionId.length > MAX_SESSION_ID_BYTES) {
    return false;
  }
  if (reader.byte() !== USERAUTH_REQUEST) return false;
  reader.text();
  const service = reader.text();
  const method = reader.text();
  const hasSignature = reader.byte() === 1;
  const algorithm = reader.text();
  const named = reader.bytes();
  if (method === "publickey-hostbound-v00@openssh.com") reader.bytes();
  else if (method !== "publickey") return false;
  return service === "ssh-connection" && hasSignature && algorithm === ALGORITHM &&
    equalBytes(named, key) && reader.isAtEnd;
}
