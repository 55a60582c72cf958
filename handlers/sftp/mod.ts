/**
 * The SSH file transfer protocol, version 3, on any stream: server, client and codec.
 *
 * A packet's way through this package: `wire/` (bytes in, requests out) → `server/session.ts`
 * (order, bounds) → `server/answers.ts` → a `FileBackend`.
 *
 * @module
 */
export * from "./backend.ts";
export * from "./file_service.ts";
export * from "./backends/local/local_backend.ts";
export * from "./backends/memory/memory_backend.ts";
export * from "./commands/hash_commands.ts";
export * from "./server/limits.ts";
export { longName } from "./server/long_name.ts";
export { REQUEST_NAMES, type RequestPolicy } from "./server/request_policy.ts";
export * from "./server/session.ts";
export * from "./sftp.ts";
export * from "./sftp_error.ts";
export * from "./stat_if_there.ts";
export * from "./virtual_path.ts";
export type { FileAttributes } from "./wire/attributes.ts";
export { FileType, isDirectory, isFile, isLink } from "./wire/attributes.ts";
export * from "./wire/codes.ts";
export type { Extension, FieldsOf, FieldTypes, NameEntry, Shape } from "./wire/fields.ts";
export * from "./wire/file_name.ts";
export * from "./wire/replies.ts";
export * from "./wire/requests.ts";
export * from "./wire/wire_error.ts";
export * from "./client/sftp_client.ts";
export { type RemoteDirectory, type RemoteFile } from "./client/remote_file.ts";
export * from "./copy/copy_file.ts";
export * from "./copy/copy_tree.ts";
export type { CopyOptions, Place } from "./copy/place.ts";
export { VerifyError } from "./copy/verify.ts";
export * from "./access.ts";
export * from "./backends/guarded.ts";
export * from "./backends/mounted_files.ts";
export * from "./backends/atomic_uploads.ts";
export * from "./backends/quota_files.ts";
export type { Quota } from "./backends/quota_ledger.ts";
