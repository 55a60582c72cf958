import { isTestFile } from "./files.ts";

const BUILT_IN = new Set([
  "Error",
  "TypeError",
  "RangeError",
  "SyntaxError",
  "ReferenceError",
  "URIError",
  "EvalError",
  "AggregateError",
]);

/** Forbids `new Error(…)` outside tests: a caller can act only on a class of its own. */
export const noBareError: Deno.lint.Rule = {
  create(ctx) {
    if (isTestFile(ctx.filename)) return {};
    const check = (node: Deno.lint.NewExpression | Deno.lint.CallExpression): void => {
      if (node.callee.type !== "Identifier" || node.callee.name !== "Error") return;
      ctx.report({
        node,
        message: "A bare Error tells the caller nothing to act on",
        hint: "Throw a class for this condition, with the nearest built-in as its parent",
      });
    };
    return { NewExpression: check, CallExpression: check };
  },
};

/** Holds literal error messages to sentence case without a closing full stop. */
export const errorMessageStyle: Deno.lint.Rule = {
  create(ctx) {
    if (isTestFile(ctx.filename)) return {};
    const check = (args: readonly Deno.lint.Node[], isMessage: (text: string) => boolean): void => {
      for (const node of args) {
        const ends = literalEnds(node);
        if (!ends || !isMessage(ends.text)) continue;
        const message = complaint(ends);
        if (message) ctx.report({ node, message });
      }
    };
    return {
      NewExpression(node): void {
        if (node.callee.type !== "Identifier" || !node.callee.name.endsWith("Error")) return;
        check(node.arguments, BUILT_IN.has(node.callee.name) ? () => true : isSentence);
      },
      "ClassDeclaration[superClass.name=/Error$/] CallExpression[callee.type='Super']"(
        node: Deno.lint.CallExpression,
      ): void {
        check(node.arguments, isSentence);
      },
    };
  },
};

/** Where a literal begins and how it ends; undefined where that is known at run time only. */
interface Ends {
  readonly text: string;
  readonly first: string | undefined;
  readonly last: string | undefined;
}

function literalEnds(node: Deno.lint.Node): Ends | undefined {
  if (node.type === "Literal" && typeof node.value === "string") {
    return { text: node.value, first: node.value.at(0), last: node.value.at(-1) };
  }
  if (node.type === "TemplateLiteral") {
    const parts = node.quasis.map((quasi) => quasi.cooked);
    return { text: parts.join(""), first: parts.at(0)?.at(0), last: parts.at(-1)?.at(-1) };
  }
  if (node.type === "BinaryExpression" && node.operator === "+") return sumEnds(node);
  return undefined;
}

function sumEnds(node: Deno.lint.BinaryExpression): Ends | undefined {
  const left = literalEnds(node.left);
  const right = literalEnds(node.right);
  if (!left && !right) return undefined;
  return {
    text: `${left?.text ?? ""}${right?.text ?? ""}`,
    first: left?.first,
    last: right?.last,
  };
}

/** A code such as `"not-found"` is an argument of our own errors too: only prose is a message. */
function isSentence(text: string): boolean {
  return text.trim().includes(" ");
}

function complaint({ first, last }: Ends): string | undefined {
  if (first !== undefined && /\p{Ll}/u.test(first)) {
    return "An error message begins with a capital letter or a quotation mark";
  }
  if (last === ".") return "An error message ends without a full stop";
  return undefined;
}
