import { isAdapter, isTestFile } from "./files.ts";

/** Forbids Node's `Buffer` outside `*_adapter.ts`: everything else speaks `Uint8Array`. */
export const noBuffer: Deno.lint.Rule = {
  create(ctx) {
    if (isAdapter(ctx.filename) || isTestFile(ctx.filename)) return {};
    const report = (node: Deno.lint.Node): void =>
      ctx.report({
        node,
        message: "Buffer belongs in an adapter (*_adapter.ts) to a library that needs it",
        hint: "Use Uint8Array, TextEncoder, DataView or Uint8Array.prototype.toHex",
      });
    return {
      "MemberExpression[object.name='Buffer']": report,
      "NewExpression[callee.name='Buffer']": report,
      "TSTypeReference[typeName.name='Buffer']": report,
      "ImportDeclaration[source.value='node:buffer']": report,
      "MemberExpression[object.name='globalThis'][property.name='Buffer']": report,
    };
  },
};

/** Forbids EventEmitter: its untyped, unordered, leaking listeners are what streams replace. */
export const noEventEmitter: Deno.lint.Rule = {
  create(ctx) {
    if (isAdapter(ctx.filename) || isTestFile(ctx.filename)) return {};
    const report = (node: Deno.lint.Node): void =>
      ctx.report({
        node,
        message: "EventEmitter is not used here",
        hint: "Return an AsyncIterable, a promise or a ReadableStream, or take a callback option",
      });
    return {
      "ImportDeclaration[source.value='node:events']": report,
      "ClassDeclaration[superClass.name='EventEmitter']": report,
      "NewExpression[callee.name='EventEmitter']": report,
    };
  },
};
