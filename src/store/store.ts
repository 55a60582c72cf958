import { Audit, type AuditRetention } from "./audit.ts";
import type { Backend, BackendOptions, BackendStats, Topic } from "./backend.ts";
import { CredentialMirror, Credentials } from "./credentials.ts";
import { StoreUrlError } from "./errors.ts";
import { Feed } from "./feed.ts";
import { Identities } from "./identities.ts";
import type { Elsewhere } from "./identity_index.ts";
import { IdentityMirror } from "./identity_mirror.ts";
import { Invites } from "./invites.ts";
import { Maintenance } from "./maintenance.ts";
import { Ownership, OwnershipMirror } from "./ownership.ts";
import type { TableName } from "./schema.ts";
import { SettingMirror, Settings } from "./settings.ts";
import { StoreContext } from "./store_context.ts";

/** What {@linkcode openStore} can be told. */
export interface StoreOptions extends BackendOptions {
  /** Fingerprint of the node's own key: whoever holds it owns the node. Default: nobody. */
  readonly owner?: string;
  /** How long security events are kept. */
  readonly audit?: AuditRetention;
  /** Finds identities by id that are kept elsewhere and may have made tokens. Default: none. */
  readonly elsewhere?: Elsewhere;
}

/** Numbers about a store. */
export interface StoreStats extends BackendStats {
  /** Which database, without a password. */
  readonly location: string;
  /** Rows by the name of the table. */
  readonly rows: Readonly<Record<string, number>>;
}

const COUNTED: readonly TableName[] = [
  "peers",
  "peer_keys",
  "tokens",
  "groups",
  "credentials",
  "ownership",
  "invites",
  "audit",
  "settings",
  "notifications",
];

/** An open store. Made by {@linkcode openStore}. */
export class Store implements AsyncDisposable {
  /** Peers, tokens and groups. */
  readonly identities: Identities;
  /** Outbound secrets, encrypted. */
  readonly credentials: Credentials;
  /** Who owns which resource. */
  readonly ownership: Ownership;
  /** One-time invitations. */
  readonly invites: Invites;
  /** Security events. */
  readonly audit: Audit;
  /** Values all nodes share. */
  readonly settings: Settings;
  /** The database below. */
  readonly backend: Backend;
  readonly #context: StoreContext;
  readonly #maintenance: Maintenance;
  #closing?: Promise<void>;

  private constructor(context: StoreContext, mirrors: Mirrors, options: StoreOptions) {
    this.backend = context.backend;
    this.#context = context;
    this.identities = new Identities(context, mirrors.identities, options.owner);
    this.credentials = new Credentials(context, mirrors.credentials);
    this.ownership = new Ownership(context, mirrors.ownership);
    this.settings = new Settings(context, mirrors.settings);
    this.invites = new Invites(context);
    this.audit = new Audit(context, options.audit ?? {});
    this.#maintenance = new Maintenance(context, this.audit);
  }

  /** Puts a store on a database, which it closes in the end. */
  static async on(backend: Backend, options: StoreOptions = {}): Promise<Store> {
    const mirrors = newMirrors(options);
    try {
      const feed = await Feed.open(backend, Object.values(mirrors));
      const context = new StoreContext(backend, feed, options.now ?? Date.now);
      return new Store(context, mirrors, options);
    } catch (error) {
      await backend[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Calls back after changes, of any process, that touched any of the topics.
   *
   * @returns A function that stops it.
   */
  onChange(topics: readonly Topic[], listener: () => void): () => void {
    return this.#context.onChange(topics, listener);
  }

  /** Resolves once memory has every commit made before the call. */
  refresh(): Promise<void> {
    return this.#context.feed.refresh();
  }

  /** Drops old rows now; a running store does so by itself every hour. */
  maintain(): Promise<void> {
    return this.#maintenance.run();
  }

  /** Sizes and counters. */
  async stats(): Promise<StoreStats> {
    const { location } = this.backend;
    const counts = await this.backend.snapshot(async (tx) => {
      const all: [TableName, number][] = [];
      for (const table of COUNTED) {
        const { count } = await tx.selectFrom(table)
          .select(({ fn }) => fn.countAll<number | bigint | string>().as("count"))
          .executeTakeFirstOrThrow();
        all.push([table, Number(count)]);
      }
      return all;
    });
    return { location, rows: Object.fromEntries(counts), ...await this.backend.stats() };
  }

  /** Writes what waits, then closes the database. Later calls wait for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#maintenance[Symbol.asyncDispose]();
    await this.audit[Symbol.asyncDispose]();
    await this.identities[Symbol.asyncDispose]();
    this.#context.feed[Symbol.dispose]();
    await this.backend[Symbol.asyncDispose]();
  }
}

interface Mirrors {
  readonly identities: IdentityMirror;
  readonly credentials: CredentialMirror;
  readonly ownership: OwnershipMirror;
  readonly settings: SettingMirror;
}

function newMirrors({ elsewhere }: StoreOptions): Mirrors {
  return {
    identities: new IdentityMirror(elsewhere),
    credentials: new CredentialMirror(),
    ownership: new OwnershipMirror(),
    settings: new SettingMirror(),
  };
}

/**
 * Opens a store, and makes it where there is none.
 *
 * @param url `sqlite:/path/to/file` or `postgres://user:password@host/database`.
 * @param options How.
 * @returns The store; dispose of it to close it.
 * @throws {StoreUrlError} For any other URL.
 * @throws {StoreBackendError} When the database cannot be opened.
 *
 * @example
 * ```ts
 * import { openStore } from "@alknet/store";
 * import { strictEqual } from "node:assert/strict";
 *
 * const directory = await Deno.makeTempDir();
 * {
 *   await using store = await openStore(`sqlite:${directory}/store.db`);
 *   const key = `ed25519:${"7c".repeat(32)}`;
 *   await store.identities.putPeer({
 *     peerId: "alice",
 *     fingerprints: [key],
 *     sshKeys: [],
 *     scopes: ["git:read"],
 *     resources: {},
 *     enabled: true,
 *   });
 *   strictEqual(store.identities.fromFingerprint(key)?.id, "alice");
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  return await Store.on(await openBackend(url, options), options);
}

/**
 * Opens the database of a store without reading it into memory, for tools.
 *
 * @throws {StoreUrlError} For a URL of no backend.
 * @throws {StoreBackendError} When the database cannot be opened.
 */
export async function openBackend(url: string, options: BackendOptions = {}): Promise<Backend> {
  const file = sqlitePath(url);
  if (file !== undefined) {
    const { openSqlite } = await import("./sqlite/mod.ts");
    return await openSqlite(file, options);
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { openPostgres } = await import("./postgres/mod.ts");
    return await openPostgres(url, options);
  }
  const scheme = url.slice(0, Math.max(url.indexOf(":"), 0));
  throw new StoreUrlError(
    `Cannot open a store at "${scheme}:…": write "sqlite:/path" or "postgres://host/database"`,
  );
}

/** The file of an SQLite URL (`sqlite:/a`, `sqlite:///a`, `sqlite:a`); undefined for other URLs. */
export function sqlitePath(url: string): string | undefined {
  return /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1];
}
