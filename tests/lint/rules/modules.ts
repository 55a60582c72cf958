import { dirname, join } from "node:path";

import { handlerOf } from "./files.ts";

type ModuleReference =
  | Deno.lint.ImportDeclaration
  | Deno.lint.ImportExpression
  | Deno.lint.ExportNamedDeclaration
  | Deno.lint.ExportAllDeclaration;

/** Forbids default exports: a name that the importer invents cannot be searched for. */
export const noDefaultExport: Deno.lint.Rule = {
  create(ctx) {
    const report = (node: Deno.lint.Node): void =>
      ctx.report({ node, message: "A default export has no name", hint: "Export it by name" });
    return {
      ExportDefaultDeclaration: report,
      "ExportSpecifier[exported.name='default']": report,
    };
  },
};

/** Forbids a handler to import another: they meet in src/cli, through interfaces of core. */
export const noCrossHandlerImport: Deno.lint.Rule = {
  create(ctx) {
    const own = handlerOf(ctx.filename);
    if (!own) return {};
    const check = (node: ModuleReference): void => {
      const source = node.source;
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const other = handlerNamed(source.value, ctx.filename, own.root);
      if (!other || other === own.name) return;
      ctx.report({
        node,
        message: `Handler "${own.name}" imports handler "${other}"`,
        hint: "Take what it offers as an option typed by an interface of @alknet/core",
      });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

function handlerNamed(specifier: string, filename: string, root: string): string | undefined {
  if (specifier.startsWith(".")) {
    return handlerOf(join(dirname(filename), specifier))?.name;
  }
  const name = /^(?:jsr:)?@alknet\/([^/@]+)/.exec(specifier)?.[1];
  return name && isDirectory(join(root, name)) ? name : undefined;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
