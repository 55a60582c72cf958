import { ok } from "node:assert/strict";

/** Does something that may throw, but nothing of other classes than these. */
export function onlyErrors(
  classes: readonly (new (...args: never[]) => Error)[],
  act: () => unknown,
): void {
  try {
    act();
  } catch (error) {
    ok(classes.some((each) => error instanceof each), String(error));
  }
}
