import { AcmeCertificates, type AcmeStorage, type ExternalAccount } from "@alknet/acme";
import { readBounded, replaceFile } from "@alknet/vault/private-file";
import { dirname, join, resolve } from "node:path";
import type { AcmeConfig } from "../config/acme_config.ts";
import type { Config } from "../config/config.ts";
import { CliError, ExitCode } from "../errors.ts";
import { makePrivateDirectory, type Paths } from "../paths.ts";

/** Largest file of keys and certificates. */
const MAX_BYTES = 1_048_576;

/**
 * Opens the certificates that `[acme]` asks for.
 *
 * @returns Undefined where it asks for none.
 * @throws {CliError} When a file that it names cannot be used.
 */
export async function openAcme(
  config: Config,
  paths: Paths,
): Promise<AcmeCertificates | undefined> {
  const { acme } = config;
  if (!acme) return undefined;
  const directory = dirname(config.file ?? paths.config);
  const textOf = (file: string): Promise<string> => readText(resolve(directory, file));
  return await AcmeCertificates.open({
    ...acme,
    termsAgreed: true, // or the configuration would not have been taken
    caCerts: acme.caFile ? [await textOf(acme.caFile)] : [],
    externalAccount: acme.externalAccount && await externalAccountOf(acme.externalAccount, textOf),
    storage: await privateFiles(join(paths.data, "acme")),
  });
}

/** Files of one directory that only their owner may read. */
export async function privateFiles(directory: string): Promise<AcmeStorage> {
  await makePrivateDirectory(directory);
  return {
    read: async (file) => {
      try {
        const found = await readBounded(join(directory, file), MAX_BYTES);
        return found && new TextDecoder().decode(found.bytes);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    write: (file, text) => replaceFile(join(directory, file), new TextEncoder().encode(text)),
  };
}

async function externalAccountOf(
  { keyId, macKeyFile }: NonNullable<AcmeConfig["externalAccount"]>,
  textOf: (file: string) => Promise<string>,
): Promise<ExternalAccount> {
  const text = (await textOf(macKeyFile)).trim();
  try {
    return { keyId, macKey: Uint8Array.fromBase64(text, { alphabet: "base64url" }) };
  } catch (error) {
    throw new CliError(`Cannot use "${macKeyFile}": it is not base64url`, ExitCode.Config, {
      cause: error,
    });
  }
}

async function readText(path: string): Promise<string> {
  try {
    const found = await readBounded(path, MAX_BYTES);
    if (found) return new TextDecoder().decode(found.bytes);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new CliError(`Cannot read "${path}": ${detail}`, ExitCode.Config, { cause: error });
  }
  throw new CliError(`Cannot read "${path}": no file, or too large`, ExitCode.Config);
}
