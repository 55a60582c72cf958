import type { FileService, Identity, StreamContext } from "@alknet/core";
import {
  atomicUploads,
  type FileBackend,
  fileService,
  guardedFiles,
  localFiles,
  mountedFiles,
  permittedFiles,
  quotaFiles,
  SftpError,
} from "@alknet/sftp";
import { getLogger } from "@logtape/logtape";
import type { Config } from "../config/config.ts";
import type { SftpConfig } from "../config/sftp.ts";
import { makePrivateDirectory } from "../paths.ts";

const log = getLogger(["alknet", "sftp"]);

/** Peer ids that can be the name of a directory. */
const DIRECTORY_NAME = /^(?!\.)[A-Za-z0-9._@-]{1,100}$/;

/** Files of a session, or undefined for a peer without any. */
export type SftpFiles = (
  context: StreamContext,
  options?: { readonly atomic: boolean },
) => Promise<FileBackend | undefined>;

/**
 * Makes what SFTP serves as configured: a root, further folders, bounds, and of all that what the
 * peer's scopes allow. All doors to it, the protocol of its own, SSH and the dashboard, are given the
 * same value, so that they share the quotas.
 *
 * @param config `[sftp]`.
 * @param defaultRoot Served where no root is configured; made when first used.
 */
export function sftpFiles(config: SftpConfig, defaultRoot: string): SftpFiles {
  const roots = new Map<string, Promise<FileBackend>>();
  const rootAt = (directory: string): Promise<FileBackend> => {
    const known = roots.get(directory);
    if (known) return known;
    const opening = openRoot(directory, config);
    roots.set(directory, opening);
    opening.catch(() => roots.delete(directory));
    return opening;
  };
  return async ({ identity }, { atomic } = config) => {
    if (!identity?.scopes.some((scope) => scope === "*" || scope.startsWith("sftp:"))) return;
    const directory = config.root ? directoryFor(config.root, identity) : defaultRoot;
    if (directory === undefined) return;
    const all = await withFolders(await rootAt(directory), config);
    const writable = config.readOnly ? guardedFiles(all, { read: true, write: false }) : all;
    const permitted = await permittedFiles(writable, identity);
    return permitted && atomic ? atomicUploads(permitted) : permitted;
  };
}

/** A peer whose name is no directory's has no files; it could be anybody's. */
function directoryFor(root: string, { id }: Identity): string | undefined {
  if (!root.includes("{id}")) return root;
  return DIRECTORY_NAME.test(id) ? root.replaceAll("{id}", id) : undefined;
}

async function openRoot(directory: string, config: SftpConfig): Promise<FileBackend> {
  await makePrivateDirectory(directory);
  const files = await localFiles(directory, { umask: config.umask });
  const { quotaBytes, quotaFiles: maxFiles } = config;
  if (!quotaBytes && !maxFiles) return files;
  return quotaFiles(files, { maxBytes: quotaBytes, maxFiles });
}

async function withFolders(root: FileBackend, config: SftpConfig): Promise<FileBackend> {
  if (config.folders.length === 0) return root;
  const mounts: Record<string, FileBackend> = { "/": root };
  for (const { path, directory, readOnly } of config.folders) {
    const files = await folderAt(directory, config.umask);
    if (files) mounts[path] = readOnly ? guardedFiles(files, { read: true, write: false }) : files;
  }
  return mountedFiles(mounts);
}

/** A disk that is not mounted today takes only its own folder away. */
async function folderAt(directory: string, umask: number): Promise<FileBackend | undefined> {
  try {
    return await localFiles(directory, { umask });
  } catch (error) {
    if (!(error instanceof SftpError)) throw error;
    log.warn("sftp.folder-missing", { directory, error });
    return undefined;
  }
}

/** The same files for the dashboard; undefined where nothing serves them. */
export function dashboardFiles(files: SftpFiles, config: Config): FileService | undefined {
  const overSsh = config.handlers.includes("ssh") && config.ssh.offer.has("sftp");
  if (!overSsh && !config.handlers.includes("sftp")) return undefined;
  return fileService((context) => files(context, { atomic: false })); // it sees to that itself
}
