/**
 * For tests of handlers and of new sources of connections: connections within the process, and the
 * compliance suite that every source runs.
 *
 * @module
 */
export * from "./compliance.ts";
export * from "./memory.ts";
