import type { ImportedOperations } from "@alknet/adapters";
import { backoffMs, type BackoffOptions, pause } from "@alknet/core";
import { Capabilities, type Operation, type OperationRegistry } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";
import type { ImportConfig } from "../config/import_config.ts";
import { type OpenedService, openService } from "./open_service.ts";

/** What services need of the node. */
export interface ImportServicesOptions {
  /** Where their operations go. */
  readonly registry: OperationRegistry;
  /** Opens a sealed secret; undefined where there is none of that name. */
  readonly secret: (name: string) => Promise<string | undefined>;
  /** Calls back when secrets may have changed; returns what stops it. */
  readonly onSecretsChange: (listener: () => void) => () => void;
  /** Files stand relative to this directory. */
  readonly directory: string;
  /** Waits between attempts. Default: 1 s, doubling to 60 s. */
  readonly backoff?: BackoffOptions;
}

/** A service as `alknet status` shows it. */
export interface ServiceStatus {
  readonly name: string;
  readonly kind: string;
  readonly state: "connecting" | "ready" | "failed";
  /** Operations registered now. */
  readonly operations: number;
  /** Why it failed last; undefined where it did not. */
  readonly problem?: string;
}

/** The services of a node, imported one beside the other. */
export interface ImportedServices extends AsyncDisposable {
  /** What has become of each. */
  status(): readonly ServiceStatus[];
  /** Imports all of them anew, as after a change on their side. */
  refresh(): void;
}

const log = getLogger(["alknet", "imports"]);

const BACKOFF: BackoffOptions = { firstMs: 1_000, maxMs: 60_000 };

/**
 * Imports services and keeps at it: one that is down is tried again, and neither stops the node nor
 * the others. Operations of a service that goes away later stay; calls of them say that it is away.
 */
export function importServices(
  configs: readonly ImportConfig[],
  options: ImportServicesOptions,
): ImportedServices {
  const services = configs.map((config) => new ImportedService(config, options));
  const refresh = (): void => services.forEach((service) => service.refresh());
  const unsubscribe = options.onSecretsChange(() => {
    services.forEach((service) => void service.takeUpSecret());
  });
  return {
    status: () => services.map((service) => service.status()),
    refresh,
    async [Symbol.asyncDispose](): Promise<void> {
      unsubscribe();
      await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
    },
  };
}

/** One service, from the start of the node to its end. */
class ImportedService implements AsyncDisposable {
  readonly #config: ImportConfig;
  readonly #options: ImportServicesOptions;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  /** Aborted to begin anew. */
  #attempt = new AbortController();
  #usedSecret: string | undefined;
  #state: Omit<ServiceStatus, "name" | "kind"> = { state: "connecting", operations: 0 };

  constructor(config: ImportConfig, options: ImportServicesOptions) {
    this.#config = config;
    this.#options = options;
    this.#running = this.#run();
  }

  get #source(): string {
    return `${this.#config.kind}:${this.#config.name}`;
  }

  /** How it is. */
  status(): ServiceStatus {
    const { name, kind } = this.#config;
    return { name, kind, ...this.#state };
  }

  /** Begins anew. */
  refresh(): void {
    this.#attempt.abort();
  }

  /** Begins anew if its secret is another now; one that was taken away is used no more. */
  async takeUpSecret(): Promise<void> {
    const secret = await this.#secret().catch(() => undefined); // the next attempt says why
    if (secret === this.#usedSecret) return;
    this.#options.registry.unregisterLayer(this.#source);
    this.#state = { state: "connecting", operations: 0 };
    this.refresh();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#attempt.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped.signal.aborted;) {
      const { signal } = this.#attempt = new AbortController();
      try {
        await using opened = await this.#open(signal);
        this.#take(opened);
        failures = 0;
        await pause(FOREVER_MS, signal);
      } catch (error) {
        if (!signal.aborted) await pause(this.#failed(error, ++failures), signal);
      }
    }
  }

  async #open(signal: AbortSignal): Promise<OpenedService> {
    const { credential, name } = this.#config;
    const { directory } = this.#options;
    const secret = this.#usedSecret = await this.#secret();
    if (credential !== undefined && secret === undefined) {
      throw new TypeError(`No secret "${credential}": alknet credential put ${credential}`);
    }
    const capabilities = new Capabilities(secret === undefined ? {} : { [name]: secret });
    const onChange = (change: ImportedOperations | Error): void => {
      if (signal.aborted) return;
      if (change instanceof Error) this.#failed(change, 1);
      else this.#take({ ...change, capabilities });
    };
    return await openService(this.#config, { capabilities, directory, onChange, signal });
  }

  async #secret(): Promise<string | undefined> {
    const { credential } = this.#config;
    return credential === undefined ? undefined : await this.#options.secret(credential);
  }

  #take({ operations, skipped, capabilities }: Omit<OpenedService, keyof AsyncDisposable>): void {
    const { registry } = this.#options;
    const { name, kind, scopes } = this.#config;
    registry.unregisterLayer(this.#source);
    this.#state = { ...this.#state, operations: 0 };
    const own = operations.map((each) => scopes.length === 0 ? each : exposed(each, scopes));
    registry.registerLayer(this.#source, own, { capabilities });
    this.#state = { state: "ready", operations: own.length };
    log.info("import.ready", { name, kind, operations: own.length, skipped: skipped.length });
    for (const each of skipped) {
      log.warning("import.skipped", { name, kind, operation: each.name, reason: each.reason });
    }
  }

  /** Tells what went wrong; returns how long to wait. */
  #failed(error: unknown, failures: number): number {
    const { name, kind } = this.#config;
    const problem = error instanceof Error ? error.message : String(error);
    const waitMs = Math.round(backoffMs(failures, this.#options.backoff ?? BACKOFF));
    this.#state = { ...this.#state, state: "failed", problem };
    log.warning("import.failed", { name, kind, problem, waitMs });
    return waitMs;
  }
}

/** Longest wait that a timer can be set to; waiting begins anew then, with a fresh import. */
const FOREVER_MS = 2 ** 31 - 1;

/** An operation of a service as one of this node's: callers need what its operator says. */
function exposed(operation: Operation, scopes: readonly string[]): Operation {
  const accessControl = { requiredScopes: scopes };
  return { ...operation, spec: { ...operation.spec, visibility: "external", accessControl } };
}
