import * as operations from "@alknet/operations";

import type { Config } from "../config/config.ts";
import { CliError, ExitCode } from "../errors.ts";
import { type ConfiguredModule, loadExport } from "./load_module.ts";

/** What one module of `[operations] modules` brings. */
export interface OperationModule {
  /** As the configuration names it. */
  readonly specifier: string;
  /** What it exports. */
  readonly operations: readonly operations.Operation[];
  /** What its operations are given. */
  readonly grants: operations.OperationGrants;
}

/**
 * Loads the operator's own operations. A module exports `operations`: a list, or a function that is
 * given everything of `@alknet/operations` and returns one; and, where they call others, `grants`.
 *
 * @throws {CliError} For a module that cannot be loaded or exports something else.
 */
export async function loadOperationModules(
  { operationModules, file }: Pick<Config, "operationModules" | "file">,
): Promise<OperationModule[]> {
  return await Promise.all(operationModules.map(async (specifier) => {
    const module: ConfiguredModule = { specifier, kind: "operations", configFile: file };
    const made = await madeBy(await loadExport(module, "operations"), specifier);
    if (!isOperations(made)) {
      throw wrong(specifier, `has no export "operations" with a list of operations`);
    }
    const grants = await loadExport(module, "grants") ?? {};
    if (typeof grants !== "object" || Array.isArray(grants)) {
      throw wrong(specifier, `has an export "grants" that is no object`);
    }
    return { specifier, operations: made, grants };
  }));
}

/**
 * Adds what the modules bring.
 *
 * @throws {CliError} When a name is taken.
 */
export function registerModules(
  registry: operations.OperationRegistry,
  modules: readonly OperationModule[],
): void {
  for (const { specifier, operations: made, grants } of modules) {
    try {
      registry.registerLayer(specifier, made, grants);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw wrong(specifier, `cannot be taken up: ${cause.message}`, cause);
    }
  }
}

async function madeBy(exported: unknown, specifier: string): Promise<unknown> {
  if (typeof exported !== "function") return exported;
  try {
    return await exported(operations);
  } catch (cause) {
    throw wrong(specifier, cause instanceof Error ? `failed: ${cause.message}` : "failed", cause);
  }
}

function isOperations(value: unknown): value is operations.Operation[] {
  return Array.isArray(value) && value.every((each) =>
    typeof each === "object" && each !== null &&
    "spec" in each && typeof each.spec === "object" && "handler" in each && "input" in each
  );
}

function wrong(specifier: string, why: string, cause?: unknown): CliError {
  return new CliError(`Operations module "${specifier}" ${why}`, ExitCode.Config, { cause });
}
