/** Keywords of draft 2020-12 whose value is a schema. */
export const ONE: ReadonlySet<string> = new Set(
  ("additionalProperties propertyNames contains not if then else items contentSchema " +
    "unevaluatedItems unevaluatedProperties").split(" "),
);

/** Keywords whose value is a list of schemas. */
export const LIST: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);

/** Keywords whose value is a map of schemas. */
export const MAP: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
  "$defs",
]);
