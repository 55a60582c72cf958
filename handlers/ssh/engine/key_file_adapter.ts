import { Buffer } from "node:buffer";
import type { Blame } from "@alknet/core";
import { parseKey } from "ssh2/lib/protocol/keyParser.js";

import type { ClientKey } from "../client/login.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import { ecdsaSigner } from "./ecdsa_key_adapter.ts";

/** Why a key file was not read. */
export type SshKeyFileFault = "encrypted" | "wrong-passphrase" | "not-a-key" | "not-private";

/** Thrown for a file that holds no key to sign with. */
export class SshKeyFileError extends Error {
  /** The class's name. */
  override readonly name = "SshKeyFileError";
  /** Who has to act. */
  readonly blame: Blame = "user";
  /** What is wrong. */
  readonly fault: SshKeyFileFault;

  /** Says what is wrong. */
  constructor(fault: SshKeyFileFault, options?: ErrorOptions) {
    super(FAULTS[fault], options);
    this.fault = fault;
  }
}

const FAULTS: Readonly<Record<SshKeyFileFault, string>> = {
  "encrypted": "The key is protected by a passphrase",
  "wrong-passphrase": "The passphrase is not the key's",
  "not-a-key": "The file holds no key that can be read",
  "not-private": "The file holds a public key; the private one is needed",
};

const MAX_FILE_BYTES = 65_536;

/**
 * Reads a private key: OpenSSH's format, with a passphrase or without, PEM or PuTTY's.
 *
 * @param file What is in the file.
 * @param passphrase What protects it, if something does.
 * @returns A key to log in with.
 * @throws {SshKeyFileError} When there is none in it.
 */
export function readKeyFile(file: Uint8Array, passphrase?: Uint8Array): ClientKey {
  if (file.length > MAX_FILE_BYTES) throw new SshKeyFileError("not-a-key");
  try {
    return keyIn(file, passphrase);
  } catch (error) {
    // A damaged key passes ssh2's reader and is found out by whoever has to use it.
    throw error instanceof SshKeyFileError ? error : new SshKeyFileError("not-a-key", {
      cause: error,
    });
  }
}

function keyIn(file: Uint8Array, passphrase?: Uint8Array): ClientKey {
  const key = parsed(file, passphrase);
  if (!key.isPrivateKey()) throw new SshKeyFileError("not-private");
  const blob = new Uint8Array(key.getPublicSSH());
  const { algorithm, sign } = signerOf(key, blob);
  return {
    blob,
    algorithm,
    sign: (message) => new SshWriter().string(algorithm).string(sign(message)).finish(),
  };
}

interface Signer {
  readonly algorithm: string;
  sign(message: Uint8Array): Uint8Array;
}

function signerOf(key: ParsedKey, blob: Uint8Array): Signer {
  if (key.type === "ssh-ed25519") return { algorithm: key.type, sign: (data) => signed(key, data) };
  if (key.type === "ssh-rsa") {
    return { algorithm: "rsa-sha2-512", sign: (data) => signed(key, data, "sha512") };
  }
  const sign = key.type.startsWith("ecdsa-") ? ecdsaSigner(key.getPrivatePEM(), blob) : undefined;
  if (!sign) throw new SshKeyFileError("not-a-key");
  return { algorithm: key.type, sign };
}

function signed(key: ParsedKey, message: Uint8Array, hash?: string): Uint8Array {
  const signature = key.sign(Buffer.from(message), hash);
  if (signature instanceof Error) throw new SshKeyFileError("not-a-key", { cause: signature });
  return signature;
}

interface ParsedKey {
  readonly type: string;
  isPrivateKey(): boolean;
  getPublicSSH(): Buffer;
  getPrivatePEM(): string;
  sign(data: Buffer, algorithm?: string): Buffer | Error;
}

function parsed(file: Uint8Array, passphrase?: Uint8Array): ParsedKey {
  const secret = passphrase && Buffer.from(passphrase);
  try {
    const result: ParsedKey | ParsedKey[] | Error = parseKey(Buffer.from(file), secret);
    const key = Array.isArray(result) ? result[0] : result;
    if (key && !(key instanceof Error)) return key;
    throw fault(key, secret !== undefined);
  } catch (error) {
    if (error instanceof SshKeyFileError) throw error;
    throw fault(error, secret !== undefined);
  } finally {
    secret?.fill(0);
  }
}

function fault(error: unknown, hadPassphrase: boolean): SshKeyFileError {
  const text = error instanceof Error ? error.message : "";
  if (/no passphrase/i.test(text)) return new SshKeyFileError("encrypted", { cause: error });
  if (hadPassphrase && /integrity|decrypt|passphrase/i.test(text)) {
    return new SshKeyFileError("wrong-passphrase", { cause: error });
  }
  return new SshKeyFileError("not-a-key", { cause: error });
}
