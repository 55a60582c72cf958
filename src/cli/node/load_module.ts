import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CliError, ExitCode } from "../errors.ts";

/** A module that the configuration names. */
export interface ConfiguredModule {
  /** As it was written. */
  readonly specifier: string;
  /** What it is for, such as `handler`. */
  readonly kind: string;
  /** The file that names it; relative paths start there. */
  readonly configFile: string | undefined;
}

/**
 * Loads one export of a module.
 *
 * @returns Undefined where there is none of that name.
 * @throws {CliError} When the module cannot be loaded.
 */
export async function loadExport(module: ConfiguredModule, name: string): Promise<unknown> {
  const { specifier, kind, configFile } = module;
  const loaded: unknown = await import(moduleUrl(specifier, configFile)).catch((cause) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `Cannot load ${kind} module "${specifier}": ${why}`;
    throw new CliError(text, ExitCode.Config, { cause });
  });
  if (typeof loaded !== "object" || loaded === null) return undefined;
  return Reflect.get(loaded, name);
}

/** Files stand relative to the configuration file; `npm:`, `jsr:` and URLs are taken as they are. */
function moduleUrl(specifier: string, configFile: string | undefined): string {
  if (/^[a-z]+:/.test(specifier)) return specifier;
  const base = configFile ? resolve(configFile, "..") : Deno.cwd();
  return pathToFileURL(isAbsolute(specifier) ? specifier : resolve(base, specifier)).href;
}
