import { canonicalPath } from "@alknet/sftp";
import type { Table } from "./table.ts";
import type { Field } from "./field.ts";

/** `[sftp]` as the program uses it. */
export interface SftpConfig {
  /** The directory that is served; undefined for the one beside the vault. */
  readonly root?: string;
  /** Further directories, by where clients see them. */
  readonly folders: readonly SftpFolder[];
  readonly readOnly: boolean;
  /** Undefined for no bound. */
  readonly quotaBytes?: number;
  /** Undefined for no bound. */
  readonly quotaFiles?: number;
  readonly umask: number;
  /** Whether uploads appear when they are complete. */
  readonly atomic: boolean;
}

/** A directory that clients see in a place of its own. */
export interface SftpFolder {
  readonly path: string;
  readonly directory: string;
  readonly readOnly: boolean;
}

/** Keys of `[sftp]`. */
export const SFTP_FIELDS: readonly Field[] = [
  {
    table: "sftp",
    key: "root",
    type: "string",
    fallback: "",
    doc:
      "Directory that SFTP serves; {id} stands for the peer's name. Default: files, beside the " +
      "vault, made when it is first used. Who may what is a matter of scopes: sftp:read, sftp:write.",
  },
  {
    table: "sftp",
    key: "folders",
    type: "strings",
    fallback: "[]",
    doc: 'Further directories, as "/shared=/srv/shared".',
  },
  {
    table: "sftp",
    key: "read_only_folders",
    type: "strings",
    fallback: "[]",
    doc: "The same, in which nothing can be changed.",
  },
  {
    table: "sftp",
    key: "read_only",
    type: "boolean",
    fallback: "false",
    doc: "Whether nothing at all can be changed.",
  },
  {
    table: "sftp",
    key: "quota_bytes",
    type: "integer",
    fallback: "0",
    doc: "Most bytes in the root, each peer's own where it has {id}; 0 for no bound.",
  },
  {
    table: "sftp",
    key: "quota_files",
    type: "integer",
    fallback: "0",
    doc: "Most files, directories and links in the root; 0 for no bound.",
  },
  {
    table: "sftp",
    key: "umask",
    type: "string",
    fallback: '"077"',
    doc: "Permission bits that new files do not get, octal.",
  },
  {
    table: "sftp",
    key: "atomic",
    type: "boolean",
    fallback: "false",
    doc: "Whether an upload appears only when it is complete, in one step.",
  },
];

/** Takes `[sftp]` up. */
export function sftpConfigOf(table: Table): SftpConfig {
  return {
    root: table.string("root") || undefined,
    folders: [...foldersOf(table, "folders"), ...foldersOf(table, "read_only_folders")],
    readOnly: table.boolean("read_only"),
    quotaBytes: table.integer("quota_bytes") || undefined,
    quotaFiles: table.integer("quota_files") || undefined,
    umask: umaskOf(table),
    atomic: table.boolean("atomic"),
  };
}

function foldersOf(table: Table, key: "folders" | "read_only_folders"): SftpFolder[] {
  return table.strings(key).map((text) => {
    const [, path, directory] = /^\s*([^=]+?)\s*=\s*(\S.*?)\s*$/.exec(text) ?? [];
    if (!path || !directory || canonicalPath(path) === "/") {
      throw table.error(key, `"${key}" must be PATH=DIRECTORY, such as "/shared=/srv/shared"`);
    }
    return { path: canonicalPath(path), directory, readOnly: key === "read_only_folders" };
  });
}

function umaskOf(table: Table): number {
  const text = table.string("umask");
  if (!/^0?[0-7]{1,3}$/.test(text)) throw table.error("umask", `"umask" must be octal, as "077"`);
  return parseInt(text, 8);
}
