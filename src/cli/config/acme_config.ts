import { CHALLENGE_TYPES, type ChallengeType, isAcmeName, MAX_NAMES } from "@alknet/acme";
import { parseAddress, TargetError } from "@alknet/client";
import type { Address } from "@alknet/core";
import type { Table } from "./table.ts";

/** `[acme]` with names. */
export interface AcmeConfig {
  readonly names: readonly string[];
  readonly email?: string;
  readonly directoryUrl: string;
  readonly types: readonly ChallengeType[];
  readonly httpAddress: Address;
  readonly caFile?: string;
  readonly externalAccount?: { readonly keyId: string; readonly macKeyFile: string };
}

/** Reads `[acme]`; without names there is none. */
export function acmeConfig(acme: Table): AcmeConfig | undefined {
  const names = acme.strings("names");
  if (names.length === 0) return undefined;
  const bad = names.find((name) => !isAcmeName(name));
  if (bad !== undefined) throw acme.error("names", `"${bad}" is no host name without wildcard`);
  if (names.length > MAX_NAMES) throw acme.error("names", `At most ${MAX_NAMES} names`);
  if (!acme.boolean("terms_agreed")) {
    throw acme.error("names", 'Read the terms of the authority, then set "terms_agreed"');
  }
  const directoryUrl = acme.string("directory");
  if (URL.parse(directoryUrl)?.protocol !== "https:") {
    throw acme.error("directory", `"${directoryUrl}" is no https URL`);
  }
  const types = CHALLENGE_TYPES.filter((type) => acme.strings("challenges").includes(type));
  if (types.length === 0) throw acme.error("challenges", "Name at least one");
  return {
    names,
    email: acme.string("email") || undefined,
    directoryUrl,
    types: acme.strings("challenges").flatMap((text) => types.filter((type) => type === text)),
    httpAddress: httpAddressOf(acme),
    caFile: acme.string("ca_file") || undefined,
    externalAccount: externalAccountOf(acme),
  };
}

function httpAddressOf(acme: Table): Address {
  try {
    return parseAddress(acme.string("http_address"));
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    throw acme.error("http_address", `"http_address" must be host:port, such as "[::]:80"`);
  }
}

function externalAccountOf(acme: Table): AcmeConfig["externalAccount"] {
  const keyId = acme.string("eab_key_id");
  const macKeyFile = acme.string("eab_mac_key_file");
  if (keyId && macKeyFile) return { keyId, macKeyFile };
  if (!keyId && !macKeyFile) return undefined;
  const key = keyId ? "eab_key_id" : "eab_mac_key_file";
  throw acme.error(key, '"eab_key_id" and "eab_mac_key_file" go together');
}
