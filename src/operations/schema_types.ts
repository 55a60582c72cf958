/**
 * The TypeScript type of a JSON Schema literal, as far as one follows from its keywords: types,
 * constants, objects, arrays and unions. Whatever else, references too, is `unknown`: narrower
 * types are the business of the check, not of the compiler.
 */
export type TypeOfSchema<Schema> = Schema extends { readonly const: infer Value } ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] } ? Value
  : Schema extends { readonly anyOf: readonly (infer Member)[] } ? TypeOfSchema<Member>
  : Schema extends { readonly oneOf: readonly (infer Member)[] } ? TypeOfSchema<Member>
  : Schema extends { readonly type: readonly (infer Name)[] } ? TypeOfName<Name, Schema>
  : Schema extends { readonly type: infer Name } ? TypeOfName<Name, Schema>
  : unknown;

/** The type of one name under `type`. */
export type TypeOfName<Name, Schema> = Name extends "string" ? string
  : Name extends "number" | "integer" ? number
  : Name extends "boolean" ? boolean
  : Name extends "null" ? null
  : Name extends "array" ? TypeOfArray<Schema>
  : Name extends "object" ? TypeOfObject<Schema>
  : unknown;

/** The type of an array: its items, where they are all alike. */
export type TypeOfArray<Schema> = Schema extends { readonly prefixItems: unknown } ? unknown[]
  : Schema extends { readonly items: infer Items } ? TypeOfSchema<Items>[]
  : unknown[];

/** The type of an object: its properties, optional unless required, or else a record. */
export type TypeOfObject<Schema> = Schema extends { readonly properties: infer Properties } ?
    & { [Key in RequiredKeys<Schema, Properties>]: TypeOfSchema<Properties[Key]> }
    & {
      [Key in Exclude<keyof Properties, RequiredKeys<Schema, Properties>>]?: TypeOfSchema<
        Properties[Key]
      >;
    }
  : Schema extends { readonly additionalProperties: infer Values }
    ? Record<string, TypeOfSchema<Values>>
  : Record<string, unknown>;

/** Names of properties under `required`. */
export type RequiredKeys<Schema, Properties> = Schema extends
  { readonly required: readonly (infer Name)[] } ? Extract<keyof Properties, Name> : never;
