import { CliError, ExitCode } from "../errors.ts";

/** Where a file lies, as the command line says it. */
export interface FileLocation {
  /** The node, as a target for dialling; undefined for this machine. */
  readonly target?: string;
  /** The path there, as it was written. */
  readonly path: string;
}

/** A target with an address in it; several addresses have commas. */
const WITH_ADDRESS =
  /^((?:[^@/]+@)?(?:\[[^\]]*\]|[^:/[\]]+):\d+(?:,(?:\[[^\]]*\]|[^:/,]+):\d+)*):(.*)$/s;
const NAMED = /^([^:/]+):(.*)$/s;

/**
 * Reads `PEER:PATH`, where PEER is any target of `alknet ping`, or a path of this machine. As with
 * scp, a path that has a colon in its first part is written with `./` in front.
 */
export function parseLocation(text: string): FileLocation {
  if (text === "") throw new CliError("A path must not be empty", ExitCode.Usage);
  const [, target, path] = WITH_ADDRESS.exec(text) ?? NAMED.exec(text) ?? [];
  return target === undefined || /^\.{0,2}\//.test(text)
    ? { path: text }
    : { target, path: path ?? "" };
}
