import { CallCode, CallError } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

const log = getLogger(["alknet", "http"]);

/** Arrays and objects within each other; many parsers of JSON take no more. */
export const MAX_OUTPUT_DEPTH = 1_000;

/**
 * Writes what an operation gave as JSON.
 *
 * @throws {CallError} `INTERNAL`, as over the call protocol, for what JSON cannot hold: cycles, big
 * integers, and what is nested deeper than {@linkcode MAX_OUTPUT_DEPTH}.
 */
export function outputText(output: unknown): string {
  try {
    const text = JSON.stringify(output) ?? "null";
    if (isDeeper(output, MAX_OUTPUT_DEPTH)) {
      throw new RangeError(`Nested deeper than ${MAX_OUTPUT_DEPTH}`);
    }
    return text;
  } catch (error) {
    log.warn("call.output-unsendable", { error });
    throw new CallError(CallCode.Internal, "Output cannot be sent", { cause: error });
  }
}

/** The details of an error, where they can be sent; an error is worth telling without them too. */
export function sendableDetails(details: unknown): unknown {
  try {
    return details === undefined ? undefined : JSON.parse(outputText(details));
  } catch (error) {
    if (error instanceof CallError) return undefined;
    throw error;
  }
}

/** Recurses no deeper than asked; what it looks at has become a text that fits into memory. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  const inside: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return inside.some((each) => isDeeper(each, levels - 1));
}
