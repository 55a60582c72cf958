/**
 * The lint rules of this repository that Deno does not have, each named in docs by `alknet/<rule>`.
 *
 * @module
 */
import { errorMessageStyle, noBareError } from "./rules/errors.ts";
import { noBuffer, noEventEmitter } from "./rules/globals.ts";
import { noCrossHandlerImport, noDefaultExport } from "./rules/modules.ts";
import { functionLength } from "./rules/shape.ts";

const plugin: Deno.lint.Plugin = {
  name: "alknet",
  rules: {
    "no-bare-error": noBareError,
    "error-message-style": errorMessageStyle,
    "no-default-export": noDefaultExport,
    "no-cross-handler-import": noCrossHandlerImport,
    "no-buffer": noBuffer,
    "no-event-emitter": noEventEmitter,
    "function-length": functionLength,
  },
};

// Deno loads a plugin by its default export: the one place that may have one.
// deno-lint-ignore alknet/no-default-export
export default plugin;
