/**
 * A typed TypeScript client, generated from what a node says of its operations.
 *
 * `generate_client.ts` (the file) → `api_tree.ts` (names) and `declarations.ts` → `schema_types.ts`
 * (JSON Schema to types, with `references.ts`) → `text.ts` (everything that came from the node is escaped there).
 *
 * @module
 */
export { describeSchema } from "./declarations.ts";
export { type DescribedError, type DescribedOperation, generateClient } from "./generate_client.ts";
