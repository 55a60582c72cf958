/** @jsxImportSource hono/jsx */

import type { Element } from "./element.ts";
import { Value } from "./value.tsx";

/** How a call ended. */
export type Answer =
  | { readonly output: unknown }
  | {
    readonly error: { readonly code: string; readonly message: string; readonly details?: unknown };
  };

/** What came of a call. */
export function AnswerView({ answer }: { readonly answer: Answer }): Element {
  if ("output" in answer) {
    return (
      <div class="done">
        <p>Done</p>
        {answer.output === null || answer.output === undefined
          ? ""
          : <Value value={answer.output} />}
      </div>
    );
  }
  const { code, message, details } = answer.error;
  return (
    <div class="error" role="alert">
      <p>
        <strong>{code}</strong> {message}
      </p>
      {details === undefined ? "" : <Value value={details} />}
    </div>
  );
}
