/** x
 * @module
 */
export * from "./errors.ts";
