import { EXTENSIONS, type SftpRequest } from "../wire/requests.ts";

/** Which requests a session carries out, by the names OpenSSH's sftp-server has for them. */
export interface RequestPolicy {
  /** Only these, such as `["open", "read", "close"]`. Default: all. */
  readonly allowed?: readonly string[];
  /** Not these. Default: none. */
  readonly denied?: readonly string[];
}

const EXTENSION_NAMES: ReadonlyMap<string, string> = new Map(
  [...EXTENSIONS].map(([kind, { name }]) => [kind, name.replace(/@.*/, "")]),
);

/** Every name of a request, for messages about those that are none. */
export const REQUEST_NAMES: ReadonlySet<string> = new Set([
  ...["open", "close", "read", "write", "lstat", "fstat", "setstat", "fsetstat", "opendir"],
  ...["readdir", "remove", "mkdir", "rmdir", "realpath", "stat", "rename", "readlink", "symlink"],
  ...EXTENSION_NAMES.values(),
]);

/** Whether a policy lets a request pass; those that nobody knows are refused elsewhere. */
export function permits({ allowed, denied }: RequestPolicy, { kind }: SftpRequest): boolean {
  if (kind === "unknown") return true;
  const name = EXTENSION_NAMES.get(kind) ?? kind;
  return (allowed?.includes(name) ?? true) && !(denied?.includes(name) ?? false);
}
