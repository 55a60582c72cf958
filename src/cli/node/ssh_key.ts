import { CliError, ExitCode } from "../errors.ts";

const MAX_BYTES = 65_536;

/**
 * Reads an OpenSSH public key file (the format of sshd(8), "AUTHORIZED_KEYS", without options).
 *
 * @returns The key's wire form in base64.
 * @throws {CliError} When the file is missing, private, or no such key.
 */
export async function sshKeyBlob(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch((error) => {
    throw new CliError(`Cannot read the SSH key "${file}": ${error.message}`, ExitCode.Usage);
  });
  if (text.includes("PRIVATE KEY")) {
    throw new CliError(`"${file}" is a private key: give the .pub file`, ExitCode.Usage);
  }
  const match = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(text);
  const [, type = "", blob = ""] = match ?? [];
  if (text.length > MAX_BYTES || !match || typeInside(blob) !== type) {
    throw new CliError(`"${file}" is not an OpenSSH public key`, ExitCode.Usage);
  }
  return blob;
}

/** The key type that the blob itself begins with (RFC 4253 section 6.6). */
function typeInside(blob: string): string | undefined {
  try {
    const bytes = Uint8Array.fromBase64(blob);
    const length = new DataView(bytes.buffer).getUint32(0);
    return new TextDecoder().decode(bytes.subarray(4, 4 + length));
  } catch {
    return undefined; // not base64, or shorter than a length
  }
}
