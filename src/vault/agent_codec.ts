/**
 * Messages of the SSH agent protocol (RFC 9987, before draft-miller-ssh-agent), as far as an agent
 * with fixed keys needs them. A frame is a `uint32` length and that many bytes; the first is the type.
 */
import { AgentProtocolError } from "./agent_errors.ts";
import { type Bytes, concat, uint32 } from "./bytes.ts";
import { SshReader, sshString } from "./ssh_wire.ts";

/** Longest message in either direction, in bytes, as in OpenSSH. */
export const MAX_AGENT_MESSAGE_BYTES = 262_144;

/** Most keys in an answer. */
const MAX_IDENTITIES = 1024;

/** Message numbers (RFC 9987 section 9.1). */
const Message = {
  Failure: 5,
  Success: 6,
  RequestIdentities: 11,
  IdentitiesAnswer: 12,
  SignRequest: 13,
  SignResponse: 14,
  Lock: 22,
  Unlock: 23,
  Extension: 27,
  ExtensionFailure: 28,
  ExtensionResponse: 29,
} as const;

/** What a client asks. */
export type AgentRequest =
  | { readonly type: "identities" }
  | {
    readonly type: "sign";
    readonly key: Bytes;
    readonly data: Bytes;
    readonly flags: number;
  }
  | { readonly type: "lock" | "unlock"; readonly passphrase: Bytes }
  | { readonly type: "extension"; readonly name: string; readonly contents: Bytes }
  | { readonly type: "unsupported"; readonly code: number };

/** A public key that the agent signs for. */
export interface AgentIdentity {
  /** Public key in the encoding of RFC 4253 section 6.6. */
  readonly key: Bytes;
  /** What `ssh-add -l` shows. */
  readonly comment: string;
}

/** What the agent answers. */
export type AgentResponse =
  | { readonly type: "failure" | "success" | "extension-failure" }
  | { readonly type: "identities"; readonly identities: readonly AgentIdentity[] }
  | { readonly type: "signature"; readonly signature: Bytes }
  | { readonly type: "extension"; readonly name: string; readonly contents: Bytes };

/** One frame. */
export function encodeFrame(message: Uint8Array): Bytes {
  return concat(uint32(message.length), message);
}

/** A request without its frame. */
export function encodeRequest(request: AgentRequest): Bytes {
  switch (request.type) {
    case "identities":
      return concat([Message.RequestIdentities]);
    case "sign":
      return concat(
        [Message.SignRequest],
        sshString(request.key),
        sshString(request.data),
        uint32(request.flags),
      );
    case "lock":
      return concat([Message.Lock], sshString(request.passphrase));
    case "unlock":
      return concat([Message.Unlock], sshString(request.passphrase));
    case "extension":
      return concat([Message.Extension], sshString(request.name), request.contents);
    case "unsupported":
      return concat([request.code]);
  }
}

/** Reads a request; throws {@linkcode AgentProtocolError} and nothing else. */
export function decodeRequest(message: Uint8Array): AgentRequest {
  const reader = new SshReader(message);
  const request = requestOf(reader.byte(), reader);
  if (request.type !== "unsupported") reader.end();
  return request;
}

/** An answer without its frame. */
export function encodeResponse(response: AgentResponse): Bytes {
  switch (response.type) {
    case "failure":
      return concat([Message.Failure]);
    case "success":
      return concat([Message.Success]);
    case "extension-failure":
      return concat([Message.ExtensionFailure]);
    case "identities":
      return concat(
        [Message.IdentitiesAnswer],
        uint32(response.identities.length),
        ...response.identities.flatMap(({ key, comment }) => [sshString(key), sshString(comment)]),
      );
    case "signature":
      return concat([Message.SignResponse], sshString(response.signature));
    case "extension":
      return concat([Message.ExtensionResponse], sshString(response.name), response.contents);
  }
}

/** Reads an answer; throws {@linkcode AgentProtocolError} and nothing else. */
export function decodeResponse(message: Uint8Array): AgentResponse {
  const reader = new SshReader(message);
  const response = responseOf(reader.byte(), reader);
  reader.end();
  return response;
}

function requestOf(code: number, reader: SshReader): AgentRequest {
  switch (code) {
    case Message.RequestIdentities:
      return { type: "identities" };
    case Message.SignRequest:
      return { type: "sign", key: reader.bytes(), data: reader.bytes(), flags: reader.uint32() };
    case Message.Lock:
      return { type: "lock", passphrase: reader.bytes() };
    case Message.Unlock:
      return { type: "unlock", passphrase: reader.bytes() };
    case Message.Extension:
      return { type: "extension", name: reader.text(), contents: reader.rest() };
    default:
      return { type: "unsupported", code };
  }
}

function responseOf(code: number, reader: SshReader): AgentResponse {
  switch (code) {
    case Message.Failure:
      return { type: "failure" };
    case Message.Success:
      return { type: "success" };
    case Message.ExtensionFailure:
      return { type: "extension-failure" };
    case Message.IdentitiesAnswer:
      return { type: "identities", identities: identitiesOf(reader) };
    case Message.SignResponse:
      return { type: "signature", signature: reader.bytes() };
    case Message.ExtensionResponse:
      return { type: "extension", name: reader.text(), contents: reader.rest() };
    default:
      throw new AgentProtocolError(`Cannot read answer: unknown message number ${code}`);
  }
}

function identitiesOf(reader: SshReader): AgentIdentity[] {
  const count = reader.uint32();
  if (count > MAX_IDENTITIES) throw new AgentProtocolError("Cannot read answer: too many keys");
  return Array.from({ length: count }, () => ({ key: reader.bytes(), comment: reader.text() }));
}
