import { isTestFile } from "./files.ts";

/** Longest function in lines, its signature and closing brace included. */
export const MAX_FUNCTION_LINES = 80;

type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** Forbids functions of more than {@linkcode MAX_FUNCTION_LINES} lines, tests excepted. */
export const functionLength: Deno.lint.Rule = {
  create(ctx) {
    if (isTestFile(ctx.filename)) return {};
    const check = (node: FunctionNode): void => {
      const lines = ctx.sourceCode.getText(node).split("\n").length;
      if (lines <= MAX_FUNCTION_LINES) return;
      ctx.report({
        node,
        message: `A function of ${lines} lines; the limit is ${MAX_FUNCTION_LINES}`,
        hint: "Split it by what it does; a table or a message switch may be ignored with a reason",
      });
    };
    return {
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
    };
  },
};
