/**
 * alknet's public surface in one place: the core, the dialling client, the vault, the store,
 * operations, adapters and HTTP/3. The root is a workspace; each is published as a package of its
 * own.
 *
 * @module
 */
export * from "./src/core/mod.ts";
export * from "./src/client/mod.ts";
export * as vault from "./src/vault/mod.ts";
export * as store from "./src/store/mod.ts";
export * as operations from "./src/operations/mod.ts";
export * as adapters from "./src/adapters/mod.ts";
export * as h3 from "./src/h3/mod.ts";
