import { type IdentityEntries, parseScope, type StoredPeer, type TokenEntry } from "@alknet/core";
import { locate } from "../config/locate.ts";
import { readToml, tablesOf, type TomlFile } from "../config/read_tables.ts";
import { ConfigError } from "../errors.ts";

/** Everything in `identities.toml`: what a person keeps by hand, beside the store. */
export interface IdentityFile extends IdentityEntries {
  readonly peers: readonly StoredPeer[];
}

/**
 * Reads peers and tokens.
 *
 * @returns Nobody where there is no file.
 * @throws {ConfigError} At the place of the first mistake.
 */
export async function readIdentities(file: string): Promise<IdentityFile> {
  const toml = await readToml(file);
  return toml ? identitiesOf(toml) : { peers: [], tokens: [] };
}

/** Checks parsed TOML. */
export function identitiesOf(toml: TomlFile): IdentityFile {
  return {
    peers: tablesOf(toml, "peer").map((peer, index) => peerOf(new Row(toml, "peer", index, peer))),
    tokens: tablesOf(toml, "token").map((token, index) =>
      tokenOf(new Row(toml, "token", index, token))
    ),
  };
}

/** One `[[peer]]` or `[[token]]` with typed access to its keys. */
class Row {
  readonly #toml: TomlFile;
  readonly #table: string;
  readonly #index: number;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(
    toml: TomlFile,
    table: string,
    index: number,
    values: Readonly<Record<string, unknown>>,
  ) {
    this.#toml = toml;
    this.#table = table;
    this.#index = index;
    this.#values = values;
  }

  text(key: string): string | undefined {
    const value = this.#values[key];
    if (value === undefined) return undefined;
    if (typeof value !== "string" || value.includes("\0") || value === "") {
      throw this.error(key, `"${key}" must be a string`);
    }
    return value;
  }

  required(key: string): string {
    const value = this.text(key);
    if (value === undefined) throw this.error(undefined, `[[${this.#table}]] needs "${key}"`);
    return value;
  }

  texts(key: string, pattern?: RegExp): readonly string[] {
    const value = this.#values[key] ?? [];
    const good = Array.isArray(value) &&
      value.every((each): each is string =>
        typeof each === "string" && !each.includes("\0") && (pattern?.test(each) ?? true)
      );
    if (good) return value;
    throw this.error(
      key,
      `"${key}" must be an array of strings${pattern ? ` like ${pattern}` : ""}`,
    );
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#values[key] ?? fallback;
    if (typeof value !== "boolean") throw this.error(key, `"${key}" must be true or false`);
    return value;
  }

  date(key: string): Date | undefined {
    const value = this.#values[key];
    if (value === undefined || value instanceof Date) return value;
    throw this.error(key, `"${key}" must be a date such as 2027-01-31T00:00:00Z`);
  }

  lists(key: string): Readonly<Record<string, readonly string[]>> {
    const value = this.#values[key] ?? {};
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    const good = entries.every(([, list]) =>
      Array.isArray(list) && list.every((each) => typeof each === "string" && !each.includes("\0"))
    );
    if (good) return Object.fromEntries(entries);
    throw this.error(key, `"${key}" must hold arrays of strings`);
  }

  scopes(): readonly string[] {
    const scopes = this.texts("scopes");
    for (const scope of scopes) this.#attempt("scopes", () => parseScope(scope));
    return scopes;
  }

  error(key: string | undefined, problem: string): ConfigError {
    const place = locate(this.#toml.text, { table: this.#table, index: this.#index, key });
    return new ConfigError(this.#toml.file, place, problem);
  }

  #attempt(key: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      throw this.error(key, error instanceof Error ? error.message : String(error));
    }
  }
}

const FINGERPRINT = /^(ed25519|SHA256):[0-9a-f]{64}$/;
const SSH_KEY = /^[A-Za-z0-9+/]+={0,2}$/;

function peerOf(row: Row): StoredPeer {
  return {
    peerId: row.required("id"),
    displayName: row.text("display_name"),
    nodeId: row.text("node_id"),
    addresses: row.texts("addresses"),
    fingerprints: row.texts("fingerprints", FINGERPRINT),
    sshKeys: row.texts("ssh_keys", SSH_KEY),
    authTokenHash: row.text("token_hash"),
    scopes: row.scopes(),
    resources: row.lists("resources"),
    enabled: row.flag("enabled", true),
  };
}

function tokenOf(row: Row): TokenEntry {
  return {
    name: row.required("name"),
    prefix: row.required("prefix"),
    hash: row.required("hash"),
    scopes: row.scopes(),
    expiresAt: row.date("expires"),
  };
}
