/** Stands for a part of an earlier result in the input of a batch's call. */
export interface Ref {
  /** Where it is: a JSON Pointer in a fragment, its first step the call. */
  readonly $ref: string;
}

/**
 * Refers to the result of an earlier call of the same batch, see {@linkcode runBatch}.
 *
 * @param id The earlier call.
 * @param path Keys to follow in its result; none for all of it.
 *
 * @example
 * ```ts
 * import { ref } from "@alknet/operations";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(ref("a", "users", 0, "x/y"), { $ref: "#/a/users/0/x~1y" });
 * ```
 */
export function ref(id: string, ...path: readonly (string | number)[]): Ref {
  return { $ref: `#/${[id, ...path].map(escapeStep).join("/")}` };
}

/** RFC 6901, section 3. */
function escapeStep(step: string | number): string {
  return `${step}`.replaceAll("~", "~0").replaceAll("/", "~1");
}
