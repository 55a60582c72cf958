import type {
  DirectoryEntry,
  FileBackend,
  FileStat,
  FileSystemStat,
  OpenDirectory,
  OpenFile,
  OpenMode,
} from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { canonicalPath, isWithin, joinPath } from "../virtual_path.ts";
import type { FileAttributes } from "../wire/attributes.ts";
import { StatusCode } from "../wire/codes.ts";
import { type Mounted, MountPoints, outside, virtualDirectory } from "./mount_points.ts";

/**
 * Several backends as one, each at a path of its own: virtual folders. Directories on the way to a
 * mount point are there, and hold nothing else, where no backend has them. What is mounted hides
 * what another backend has under the same name. Nothing is renamed or linked from one to another.
 *
 * @param mounts Backends by path.
 * @returns A backend.
 *
 * @example
 * ```ts
 * import { memoryFiles, mountedFiles } from "@alknet/sftp";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const files = mountedFiles({ "/": memoryFiles(), "/teams/red": memoryFiles() });
 * const directory = await files.list("/teams");
 * deepStrictEqual((await directory.next(10))?.map(({ name }) => name), ["red"]);
 * ```
 */
export function mountedFiles(mounts: Readonly<Record<string, FileBackend>>): FileBackend {
  const canonical = Object.entries(mounts)
    .map(([point, files]) => [canonicalPath(point), files] as const);
  return new MountedFiles(new Map(canonical));
}

class MountedFiles implements FileBackend {
  readonly #points: MountPoints;

  constructor(mounts: ReadonlyMap<string, FileBackend>) {
    this.#points = new MountPoints(mounts);
  }

  async stat(path: string): Promise<FileStat> {
    return await this.#look(path, ({ files, path }) => files.stat(path));
  }

  async lstat(path: string): Promise<FileStat> {
    return await this.#look(path, ({ files, path }) => files.lstat(path));
  }

  async setstat(
    path: string,
    attributes: FileAttributes,
    options: { follow: boolean },
  ): Promise<void> {
    const { files, path: inside } = this.#at(path);
    await files.setstat(inside, attributes, options);
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const { files, path: inside } = this.#at(path);
    return await files.open(inside, mode);
  }

  async list(path: string): Promise<OpenDirectory> {
    const names = this.#points.namesIn(path);
    const own = await this.#listOwn(path);
    if (names.size === 0) return own;
    const mounted: DirectoryEntry[] = [];
    for (const name of names) {
      mounted.push({ name, stat: await this.stat(joinPath(path, name)) });
    }
    let first = true;
    return {
      close: () => own.close(),
      next: async (maxEntries) => {
        const more = await own.next(maxEntries);
        const others = more?.filter(({ name }) => !names.has(name)) ?? [];
        const entries = first ? [...mounted, ...others] : others;
        if (!more && !first) return undefined;
        first = false;
        return entries;
      },
    };
  }

  async remove(path: string): Promise<void> {
    const { files, path: inside } = this.#changeable(path);
    await files.remove(inside);
  }

  async mkdir(path: string, mode?: number): Promise<void> {
    if (this.#points.holds(path)) throw new SftpError(StatusCode.Failure, "File exists");
    const { files, path: inside } = this.#at(path);
    await files.mkdir(inside, mode);
  }

  async rmdir(path: string): Promise<void> {
    const { files, path: inside } = this.#changeable(path);
    await files.rmdir(inside);
  }

  async realpath(path: string): Promise<string> {
    const mounted = this.#points.at(path);
    if (!mounted || this.#points.holds(path)) return path;
    return outside(mounted, await mounted.files.realpath(mounted.path));
  }

  async rename(from: string, to: string, options: { replace: boolean }): Promise<void> {
    const [source, goal] = this.#together(from, to);
    await source.files.rename(source.path, goal.path, options);
  }

  async link(from: string, to: string): Promise<void> {
    const [source, goal] = this.#together(from, to);
    await source.files.link(source.path, goal.path);
  }

  /** Absolute targets are those of the backend, so its place goes in front. */
  async readlink(path: string): Promise<string> {
    const mounted = this.#at(path);
    const target = await mounted.files.readlink(mounted.path);
    return target.startsWith("/") ? outside(mounted, target) : target;
  }

  async symlink(path: string, target: string): Promise<void> {
    const mounted = this.#changeable(path);
    await mounted.files.symlink(mounted.path, insideTarget(mounted, target));
  }

  async statvfs(path: string): Promise<FileSystemStat> {
    const mounted = this.#points.at(path);
    if (mounted) return await mounted.files.statvfs(mounted.path);
    await this.stat(path);
    const none = { blocks: 0, freeBlocks: 0, availableBlocks: 0 };
    const noFiles = { files: 0, freeFiles: 0, availableFiles: 0 };
    return { blockBytes: 4_096, ...none, ...noFiles, readOnly: true };
  }

  async subtree(path: string): Promise<FileBackend> {
    const mounted = this.#points.at(path);
    const own = mounted && await mounted.files.subtree(mounted.path);
    const below = this.#points.below(path);
    if (below.size === 0 && own) return own;
    if (below.size === 0) throw new SftpError(StatusCode.NoSuchFile);
    return new MountedFiles(new Map([...(own ? [["/", own] as const] : []), ...below]));
  }

  async names(
    ids: { readonly uids: readonly number[]; readonly gids: readonly number[] },
  ): Promise<{ readonly users: readonly string[]; readonly groups: readonly string[] }> {
    const files = this.#points.all.find((each) => each.names);
    return await files?.names?.(ids) ??
      { users: ids.uids.map(() => ""), groups: ids.gids.map(() => "") };
  }

  /** Looks at what is there, or at a directory that only leads to mount points. */
  async #look(
    path: string,
    look: (mounted: Mounted) => FileStat | Promise<FileStat>,
  ): Promise<FileStat> {
    const mounted = this.#points.at(path);
    const leads = this.#points.holds(path);
    if (!mounted && (leads || path === "/")) return virtualDirectory();
    if (!mounted) throw new SftpError(StatusCode.NoSuchFile);
    try {
      return await look(mounted);
    } catch (error) {
      if (leads && error instanceof SftpError) return virtualDirectory();
      throw error;
    }
  }

  async #listOwn(path: string): Promise<OpenDirectory> {
    const mounted = this.#points.at(path);
    try {
      if (mounted) return await mounted.files.list(mounted.path);
    } catch (error) {
      if (!(error instanceof SftpError) || !this.#points.holds(path)) throw error;
    }
    if (path !== "/" && !this.#points.holds(path)) throw new SftpError(StatusCode.NoSuchFile);
    return { next: () => undefined, close: () => {} };
  }

  #at(path: string): Mounted {
    const mounted = this.#points.at(path);
    if (mounted) return mounted;
    throw new SftpError(
      this.#points.holds(path) ? StatusCode.PermissionDenied : StatusCode.NoSuchFile,
    );
  }

  /** Mount points, and what leads to them, stay. */
  #changeable(path: string): Mounted {
    if (this.#points.holds(path)) throw new SftpError(StatusCode.PermissionDenied);
    return this.#at(path);
  }

  #together(from: string, to: string): readonly [Mounted, Mounted] {
    const source = this.#changeable(from);
    const goal = this.#changeable(to);
    if (source.files === goal.files) return [source, goal];
    throw new SftpError(StatusCode.Failure, "Not on the same file system");
  }
}

function insideTarget({ point }: Mounted, target: string): string {
  if (!target.startsWith("/") || point === "/") return target;
  const canonical = canonicalPath(target);
  if (!isWithin(canonical, point)) throw new SftpError(StatusCode.PermissionDenied);
  return canonical.slice(point.length) || "/";
}
