import {
  Client,
  type JsonSchemaValidator,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { CallError, type Capabilities } from "@alknet/operations";

import { secretText } from "../http/http_auth.ts";
import { boundedFetch } from "./bounded_fetch.ts";
import { callErrorOf, isLostSession, McpCode } from "./mcp_errors.ts";
import {
  DEFAULT_MAX_RESPONSE_BYTES,
  DEFAULT_TIMEOUT_MS,
  type HttpOptions,
} from "../http/http_handler.ts";

/** Settings of an {@linkcode McpSession}. */
export interface McpSessionOptions extends HttpOptions {
  /** Where the server is. */
  readonly url: URL;
  /** Where the bearer token is. */
  readonly capabilities: Capabilities;
  /** The capability that is the bearer token. */
  readonly credential: string;
  /** Told when the server's lists may have changed. */
  readonly onChange: () => void;
}

/** A request that may take several round trips. */
export interface McpRequestOptions {
  /** Gives up when aborted, and tells the server. */
  readonly signal: AbortSignal;
  /** Milliseconds without an answer or a report of progress. */
  readonly timeout: number;
}

/**
 * A client of one MCP server that connects when it is used, and again after the connection was lost.
 * It offers the server nothing: no sampling, no roots, no questions to a person.
 */
export class McpSession implements AsyncDisposable {
  readonly #options: McpSessionOptions;
  readonly #closing = new AbortController();
  #client: Promise<Client> | undefined;
  #connectedBefore = false;

  /** Does nothing yet. */
  constructor(options: McpSessionOptions) {
    this.#options = options;
  }

  /**
   * Does some work with a connected client; once more if the server has forgotten the session.
   *
   * @throws Whatever the work throws.
   */
  async use<Value>(work: (client: Client) => Promise<Value>): Promise<Value> {
    try {
      return await this.#useOnce(work);
    } catch (error) {
      if (!isLostSession(error)) throw error;
      return await this.#useOnce(work);
    }
  }

  /** How requests of a call are sent. */
  request(signal: AbortSignal): McpRequestOptions {
    return {
      signal: AbortSignal.any([signal, this.#closing.signal]),
      timeout: this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    };
  }

  /** Ends the connection and what runs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new CallError(McpCode.Unreachable, "The connection was closed"));
    const client = await this.#client?.catch(() => undefined); // its own caller heard of it
    this.#client = undefined;
    await client?.close();
  }

  async #useOnce<Value>(work: (client: Client) => Promise<Value>): Promise<Value> {
    this.#closing.signal.throwIfAborted();
    const connecting = this.#client ??= this.#connect();
    try {
      return await work(await connecting);
    } catch (error) {
      if (isLostSession(error) || callErrorOf(error).code === McpCode.Unreachable) {
        await this.#forget(connecting);
      }
      throw error;
    }
  }

  async #connect(): Promise<Client> {
    const { url, fetch, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const { maxResponseBytes: maxBytes = DEFAULT_MAX_RESPONSE_BYTES } = this.#options;
    const client = this.#newClient();
    const transport = new StreamableHTTPClientTransport(url, {
      fetch: boundedFetch({ origin: url.origin, maxBytes, fetch }),
      authProvider: { token: () => Promise.resolve(this.#token()) },
    });
    await client.connect(transport, { timeout: timeoutMs, signal: this.#closing.signal });
    if (this.#connectedBefore) this.#options.onChange();
    this.#connectedBefore = true;
    return client;
  }

  #newClient(): Client {
    const changed = { autoRefresh: false, onChanged: () => this.#options.onChange() };
    return new Client({ name: "alknet", version: "0.1.0" }, {
      capabilities: {},
      versionNegotiation: { mode: "auto" },
      inputRequired: { autoFulfill: false },
      listChanged: { tools: changed },
      jsonSchemaValidator: { getValidator: unchecked },
    });
  }

  #token(): string | undefined {
    const { capabilities, credential } = this.#options;
    if (!capabilities.has(credential)) return undefined;
    return secretText(capabilities.take(credential));
  }

  async #forget(connecting: Promise<Client>): Promise<void> {
    if (this.#client === connecting) this.#client = undefined;
    const client = await connecting.catch(() => undefined); // whoever awaits it hears of it
    await client?.close();
  }
}

/** The library would make code of the server's schemas; outputs are for the registry to check. */
function unchecked<Value>(_schema: unknown): JsonSchemaValidator<Value> {
  return (data) => ({ valid: true, data: data as Value, errorMessage: undefined });
}
