import type { ImportedOperations } from "@alknet/adapters";
import type { Capabilities } from "@alknet/operations";
import { resolve } from "node:path";
import type { ImportConfig } from "../config/import_config.ts";

/** A service whose operations are known. */
export interface OpenedService extends ImportedOperations, AsyncDisposable {
  /** What its operations are registered with. */
  readonly capabilities: Capabilities;
}

/** How to open a service. */
export interface OpenServiceOptions {
  /** Its secret, by the service's name. */
  readonly capabilities: Capabilities;
  /** Files stand relative to this directory. */
  readonly directory: string;
  /** Told of later changes, where the service tells of them. */
  readonly onChange: (change: ImportedOperations | Error) => void;
  /** Gives up when aborted. */
  readonly signal: AbortSignal;
}

/** Largest OpenAPI document that is read from a file, in bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * Asks a service for its operations. The libraries for it are only loaded here.
 *
 * @throws {AdapterError} When it cannot be reached or understood.
 */
export async function openService(
  config: ImportConfig,
  options: OpenServiceOptions,
): Promise<OpenedService> {
  const { capabilities, signal, onChange } = options;
  const adapters = await import("@alknet/adapters");
  const { name: namespace, source, baseUrl, auth } = config;
  if (config.kind === "mcp" && "url" in source) {
    const opened = await adapters.operationsFromMcp(source.url, {
      namespace,
      capabilities,
      onChange,
      signal,
    });
    return { ...opened, capabilities };
  }
  const document = "url" in source ? source.url : await fileText(source.file, options.directory);
  const imported = await adapters.operationsFromOpenApi(document, {
    namespace,
    signal,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(auth === undefined ? {} : { auth }),
  });
  return { ...imported, capabilities, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function fileText(file: string, directory: string): Promise<string> {
  const path = resolve(directory, file);
  const { size } = await Deno.stat(path);
  if (size > MAX_FILE_BYTES) throw new RangeError(`${file} has more than ${MAX_FILE_BYTES} bytes`);
  return await Deno.readTextFile(path);
}
