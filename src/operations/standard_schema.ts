/**
 * The part of the Standard Schema interface (standardschema.dev, version 1) that operations use:
 * zod, valibot, arktype and others implement it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the interface is made of. */
  readonly "~standard": StandardProps<Input, Output>;
}

/** The properties of a {@linkcode StandardSchema}. */
export interface StandardProps<Input, Output> {
  /** The version of the interface. */
  readonly version: 1;
  /** The library. */
  readonly vendor: string;
  /** Checks a value. */
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** Types, at compile time only. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  /** The same as JSON Schema, where the library can (Standard JSON Schema, version 1). */
  readonly jsonSchema?: {
    /** The schema of what goes in. */
    readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
  };
}

/** What a check found: a value, or issues. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing wrong with a value. */
export interface StandardIssue {
  /** In words. */
  readonly message: string;
  /** Where; keys from the root. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
