import { hasScope, type Identity } from "@alknet/core";

import type { FileBackend } from "./backend.ts";
import { guardedFiles, type Rights } from "./backends/guarded.ts";
import { mountedFiles } from "./backends/mounted_files.ts";
import { SftpError } from "./sftp_error.ts";
import { canonicalPath, isWithin } from "./virtual_path.ts";

/** Most folders that the scopes of one identity may name. */
const MAX_FOLDERS = 64;

/**
 * The part of some files that an identity's scopes let it have: `sftp:read` and `sftp:write` for
 * everything, `sftp:read:FOLDER` and `sftp:write:FOLDER` for a folder and what is below. Whoever
 * has folders only sees them and the way to them. A folder is served as a root of its own, so no
 * symbolic link in it leads to the rest.
 *
 * @param files All files.
 * @param identity Who asks.
 * @returns A backend, or undefined for whoever has no scope for any of it.
 *
 * @example
 * ```ts
 * import { memoryFiles, permittedFiles } from "@alknet/sftp";
 * import { rejects, strictEqual } from "node:assert/strict";
 *
 * const all = memoryFiles();
 * await all.mkdir("/docs");
 * await all.mkdir("/secret");
 * const ci = { id: "ci", scopes: ["sftp:read:docs"], resources: {} };
 * const files = await permittedFiles(all, ci);
 * await files?.stat("/docs");
 * await rejects(async () => await files?.stat("/secret"));
 * strictEqual(await permittedFiles(all, { ...ci, scopes: ["git:read"] }), undefined);
 * ```
 */
export async function permittedFiles(
  files: FileBackend,
  identity: Identity | undefined,
): Promise<FileBackend | undefined> {
  const granted = grantsOf(identity);
  const everywhere = rightsAt("/", granted);
  if (everywhere.read && everywhere.write) return files;
  const mounts: Record<string, FileBackend> = {};
  for (const path of granted.keys()) {
    const rights = rightsAt(path, granted);
    const root = path === "/" ? files : await folder(files, path);
    if (root) mounts[path] = guardedFiles(root, rights);
  }
  return Object.keys(mounts).length > 0 ? mountedFiles(mounts) : undefined;
}

/** Rights that scopes grant at paths themselves. */
type Grants = ReadonlyMap<string, Rights>;

function grantsOf(identity: Identity | undefined): Grants {
  const grants = new Map<string, Rights>();
  const all = { read: hasScope(identity, "sftp:read"), write: hasScope(identity, "sftp:write") };
  if (all.read || all.write) grants.set("/", all);
  for (const scope of identity?.scopes ?? []) {
    const [, verb, folder] = /^sftp:(read|write):([^:*]+)$/.exec(scope) ?? [];
    if (!verb || !folder || grants.size >= MAX_FOLDERS) continue;
    const path = canonicalPath(folder);
    const { read, write } = grants.get(path) ?? { read: false, write: false };
    grants.set(path, { read: read || verb === "read", write: write || verb === "write" });
  }
  return grants;
}

/** What holds for a folder holds below it. */
function rightsAt(path: string, grants: Grants): Rights {
  const above = [...grants].filter(([folder]) => isWithin(path, folder)).map(([, each]) => each);
  return { read: above.some(({ read }) => read), write: above.some(({ write }) => write) };
}

/** A folder that a scope names and nobody has made grants nothing. */
async function folder(files: FileBackend, path: string): Promise<FileBackend | undefined> {
  try {
    return await files.subtree(path);
  } catch (error) {
    if (error instanceof SftpError) return undefined;
    throw error;
  }
}
