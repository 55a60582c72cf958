import type { NodeKey } from "@alknet/core";
import { type ClientKey, namedBytes, readKeyFile, SshKeyFileError } from "@alknet/ssh";
import { agentKeys, AgentUnavailableError, describeVaultFile } from "@alknet/vault";
import { join } from "node:path";
import { CliError, ExitCode } from "../errors.ts";
import { exists, readNodeKey, type VaultOptions } from "../node/open_vault.ts";
import { sshKeyBlob } from "../node/ssh_key.ts";
import { askSecret } from "../passphrase.ts";
import type { Paths } from "../paths.ts";

/** Where keys to log in with come from. */
export interface LoginKeyOptions extends VaultOptions {
  /** Files of private keys; then no other key is tried. */
  readonly identity?: readonly string[];
}

const DEFAULT_FILES = ["id_ed25519", "id_ecdsa", "id_rsa"];

/**
 * Keys to log in with, in this order: the node's own, those of the SSH agent, those in `~/.ssh`; or
 * only those of the files that were named.
 *
 * @throws {CliError} When a file that was named holds none.
 */
export async function loginKeys(paths: Paths, options: LoginKeyOptions): Promise<ClientKey[]> {
  if (options.identity) return await Promise.all(options.identity.map(namedFile));
  const own = await vaultKeys(paths, options);
  const agent = await keysOfAgent(Deno.env.get("SSH_AUTH_SOCK"));
  const ssh = join(Deno.env.get("HOME") ?? "/", ".ssh");
  const files = await Promise.all(DEFAULT_FILES.map((name) => defaultFile(join(ssh, name))));
  return withoutDoubles([...own, ...agent, ...files.flat()]);
}

/** The vault is opened where nobody has to be asked for it, or where a way was named. */
async function vaultKeys(paths: Paths, options: VaultOptions): Promise<ClientKey[]> {
  if (!await exists(paths.vault)) return [];
  const { keyFile } = await describeVaultFile(paths.vault);
  if (!keyFile && options.passphraseFd === undefined) return await keysOfAgent(paths.agent);
  return [ofNodeKey(await readNodeKey(paths, options))];
}

/** The node's key as a key of SSH. */
function ofNodeKey({ publicKey, sign }: NodeKey): ClientKey {
  const named = (bytes: Uint8Array): Uint8Array => namedBytes("ssh-ed25519", bytes);
  return {
    blob: named(publicKey),
    algorithm: "ssh-ed25519",
    sign: async (message) => named(await sign(message)),
  };
}

async function keysOfAgent(socket: string | undefined): Promise<ClientKey[]> {
  if (!socket) return [];
  try {
    const keys = await agentKeys(socket);
    return keys.map(({ blob, sign }) => ({ blob, ...algorithmOf(blob), askFirst: true, sign }));
  } catch (error) {
    if (error instanceof AgentUnavailableError) return [];
    throw error;
  }
}

/** RSA keys sign with SHA-2 (RFC 8332), those in certificates too. */
function algorithmOf(blob: Uint8Array): { algorithm: string } {
  const length = new DataView(blob.buffer, blob.byteOffset).getUint32(0);
  const type = new TextDecoder().decode(blob.subarray(4, 4 + length));
  return { algorithm: type.replace(/^ssh-rsa/, "rsa-sha2-512") };
}

async function namedFile(file: string): Promise<ClientKey> {
  const bytes = await Deno.readFile(file).catch((error) => {
    throw new CliError(`Cannot read the key "${file}": ${error.message}`, ExitCode.Usage);
  });
  try {
    return await withCertificate(file, readKeyFile(bytes));
  } catch (error) {
    if (!(error instanceof SshKeyFileError)) throw error;
    if (error.fault === "encrypted") {
      return await withCertificate(file, await unlocked(file, bytes));
    }
    throw new CliError(`Cannot use "${file}": ${error.message}`, ExitCode.Usage, { cause: error });
  }
}

/** A file in `~/.ssh` is used if it is there; its passphrase is asked for when the server wants it. */
async function defaultFile(file: string): Promise<ClientKey[]> {
  const bytes = await Deno.readFile(file).catch(() => undefined);
  if (!bytes) return [];
  try {
    return [await withCertificate(file, readKeyFile(bytes))];
  } catch (error) {
    if (!(error instanceof SshKeyFileError)) throw error;
    const blob = await sshKeyBlob(`${file}.pub`).catch(() => undefined);
    if (error.fault !== "encrypted" || blob === undefined || !Deno.stdin.isTerminal()) return [];
    return [lazyKey(file, bytes, Uint8Array.fromBase64(blob))];
  }
}

function lazyKey(file: string, bytes: Uint8Array, blob: Uint8Array): ClientKey {
  return {
    blob,
    ...algorithmOf(blob),
    askFirst: true,
    sign: async (message) => await (await unlocked(file, bytes)).sign(message),
  };
}

async function unlocked(file: string, bytes: Uint8Array): Promise<ClientKey> {
  const passphrase = await askSecret(`Passphrase of ${file}`);
  try {
    return readKeyFile(bytes, passphrase);
  } catch (error) {
    if (!(error instanceof SshKeyFileError)) throw error;
    throw new CliError(`Cannot use "${file}": ${error.message}`, ExitCode.Locked, { cause: error });
  } finally {
    passphrase.fill(0);
  }
}

/** The certificate beside a key goes in its place, as with OpenSSH. */
async function withCertificate(file: string, key: ClientKey): Promise<ClientKey> {
  const blob = await sshKeyBlob(`${file}-cert.pub`).catch(() => undefined);
  if (blob === undefined) return key;
  const certificate = Uint8Array.fromBase64(blob);
  return { ...key, blob: certificate, ...algorithmOf(certificate) };
}

function withoutDoubles(keys: readonly ClientKey[]): ClientKey[] {
  const seen = new Set<string>();
  return keys.filter(({ blob }) => {
    const name = blob.toBase64();
    return !seen.has(name) && seen.add(name);
  });
}
