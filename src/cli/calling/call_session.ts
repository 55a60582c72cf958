import { ALPN, type CallClient, CallError, connectCall } from "@alknet/call";
import type { Address } from "@alknet/core";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { dialAs, type DialCommandOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import { onStop } from "../node/signals.ts";
import { seconds } from "../seconds.ts";
import { callFailure } from "./call_failure.ts";
import { nearNames } from "./near_names.ts";
import { hasSchemas, type Listed, listedOf, type Spec, specOf } from "./specs.ts";

/** Options of every command that calls. */
export interface CallCommandOptions extends DialCommandOptions {
  /** In seconds. */
  readonly deadline?: number;
  readonly token?: string;
}

/** Operations asked about at once, where a node lists them without schemas: well below what a node lets run on one connection. */
const SPECS_AT_ONCE = 64;

/** Adds the options of calling. */
export function withCallOptions(command: Command): Command {
  return command
    .option(
      "--deadline <time>",
      "time the call may take, in seconds or as 300ms, 5s, 2m (default: 30, subscriptions: none)",
      seconds("--deadline"),
    )
    .option("--token <token>", "call as who a bearer token is, not as this node; @file reads one");
}

/** Calls to one node, as a command makes them. */
export class CallSession {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** What the calls go through. */
  readonly client: CallClient;
  /** Where the node was reached. */
  readonly remoteAddr: Address;
  readonly #options: CallCommandOptions & { readonly authToken: string | undefined };

  /** Made by {@linkcode withSession}. */
  constructor(
    client: CallClient,
    signal: AbortSignal,
    options: CallCommandOptions & {
      readonly authToken: string | undefined;
      readonly remoteAddr: Address;
    },
  ) {
    this.client = client;
    this.remoteAddr = options.remoteAddr;
    this.signal = signal;
    this.#options = options;
  }

  /** Calls a query or mutation. */
  call(name: string, input: unknown): Promise<unknown> {
    return this.client.call(name, input, this.#requestOptions);
  }

  /** Subscribes. */
  subscribe(name: string, input: unknown): AsyncIterable<unknown> {
    return this.client.subscribe(name, input, this.#requestOptions);
  }

  /** What the caller may call. */
  async list(): Promise<Listed[]> {
    return listedOf(await this.call("services/list", {}));
  }

  /**
   * Everything about one operation.
   *
   * @throws {CliError} When there is none for this caller; says which may have been meant.
   */
  async spec(name: string): Promise<Spec> {
    try {
      return specOf(await this.call("services/schema", { name }));
    } catch (error) {
      if (!(error instanceof CallError) || error.code !== "NOT_FOUND") throw error;
      const names = (await this.list()).map((each) => each.name);
      const near = nearNames(name.replace(/^\//, ""), names);
      throw callFailure(error, near.length > 0 ? `  did you mean ${near.join(", ")}?` : undefined);
    }
  }

  /** Everything about all operations that the caller may call. */
  async specs(): Promise<Spec[]> {
    const listed = await this.call("services/list", { schemas: true });
    if (hasSchemas(listed)) return listed.map(specOf);
    const names = listedOf(listed).map(({ name }) => name);
    const all: Spec[] = [];
    for (let at = 0; at < names.length; at += SPECS_AT_ONCE) {
      const some = names.slice(at, at + SPECS_AT_ONCE);
      const answers = await Promise.all(some.map((name) => this.call("services/schema", { name })));
      all.push(...answers.map(specOf));
    }
    return all;
  }

  get #requestOptions(): { timeoutMs?: number; signal: AbortSignal; authToken?: string } {
    const { deadline, authToken } = this.#options;
    const timeoutMs = deadline === undefined
      ? undefined
      : Math.max(1, Math.round(deadline * 1_000));
    return { timeoutMs, signal: this.signal, authToken };
  }
}

/**
 * Dials, calls, and turns whatever failed into an error for the person at the keyboard.
 *
 * @param use Works with the session.
 * @throws {CliError} When a call fails; with code 130 when it was taken back by Ctrl-C.
 */
export async function withSession(
  target: string,
  options: CallCommandOptions,
  { paths }: CommandContext,
  use: (session: CallSession) => Promise<void>,
): Promise<void> {
  const authToken = await tokenOf(options.token);
  const stop = new AbortController();
  onStop(() => stop.abort());
  const identity = authToken === undefined ? "node" : "anonymous";
  try {
    const { signal } = stop;
    const { conn } = await dialAs(paths, target, ALPN, {
      ...options,
      signal,
      proof: true,
      identity,
    });
    await using _ = conn;
    await using client = connectCall(conn);
    const { remoteAddr } = conn;
    await use(new CallSession(client, signal, { ...options, authToken, remoteAddr }));
  } catch (error) {
    if (stop.signal.aborted) throw new CliError("Interrupted", ExitCode.Interrupted);
    throw error instanceof CallError ? callFailure(error) : error;
  }
}

/** A file keeps a token out of the list of processes. */
async function tokenOf(text: string | undefined): Promise<string | undefined> {
  if (!text?.startsWith("@")) return text;
  const read = await Deno.readTextFile(text.slice(1)).catch((cause) => {
    throw new CliError(`Cannot read the token in "${text.slice(1)}"`, ExitCode.Usage, { cause });
  });
  return read.trim();
}
