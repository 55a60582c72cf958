import type { AgentIdentity } from "./agent_codec.ts";
import type { AgentKeys } from "./agent_session.ts";
import { type Bytes, concat, copyOf, equalBytes } from "./bytes.ts";
import { IDENTITY_PATH, SSH_HOST_PATH } from "./derivation_path.ts";
import { ed25519Signer } from "./ed25519_signer.ts";
import { sshString } from "./ssh_wire.ts";
import type { Vault } from "./vault.ts";

const ALGORITHM = "ssh-ed25519";

/** What the agent lists, in this order. */
const LISTED: readonly { readonly path: string; readonly comment: string }[] = [
  { path: IDENTITY_PATH, comment: "alknet-identity" },
  { path: SSH_HOST_PATH, comment: "alknet-ssh-host" },
];

/**
 * The node's keys, derived from the vault at each request: locking the vault empties the agent.
 *
 * @param dataKey Stays the caller's, who wipes it when the agent ends.
 */
export function vaultAgentKeys(vault: Vault, dataKey: Uint8Array): AgentKeys {
  return {
    identities: () => vault.isUnlocked ? LISTED.map((listed) => identityOf(vault, listed)) : [],
    sign: (key, data) => sign(vault, key, data),
    dataKey: () => vault.isUnlocked ? copyOf(dataKey) : undefined,
  };
}

/** An Ed25519 public key as SSH writes it (RFC 8709 section 4). */
export function sshPublicKey(publicKey: Uint8Array): Bytes {
  return concat(sshString(ALGORITHM), sshString(publicKey));
}

function identityOf(vault: Vault, { path, comment }: (typeof LISTED)[number]): AgentIdentity {
  using derived = vault.deriveEd25519(path);
  return { key: sshPublicKey(derived.publicKey), comment };
}

async function sign(vault: Vault, key: Uint8Array, data: Uint8Array): Promise<Bytes | undefined> {
  if (!vault.isUnlocked) return undefined;
  for (const { path } of LISTED) {
    using derived = vault.deriveEd25519(path);
    if (!equalBytes(sshPublicKey(derived.publicKey), key)) continue;
    const signer = await ed25519Signer(derived);
    return concat(sshString(ALGORITHM), sshString(await signer.sign(data)));
  }
  return undefined;
}
