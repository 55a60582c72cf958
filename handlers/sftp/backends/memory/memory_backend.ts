import type {
  DirectoryEntry,
  FileBackend,
  FileStat,
  FileSystemStat,
  OpenDirectory,
  OpenMode,
} from "../../backend.ts";
import { SftpError } from "../../sftp_error.ts";
import { isWithin } from "../../virtual_path.ts";
import type { FileAttributes } from "../../wire/attributes.ts";
import { StatusCode } from "../../wire/codes.ts";
import { MemoryFile, type MemoryRoom } from "./memory_file.ts";
import { type Found, MemoryTree, newDirectory } from "./memory_tree.ts";
import {
  type DirectoryNode,
  type FileNode,
  type MemoryNode,
  newBase,
  resize,
  statOf,
} from "./node.ts";

/** What {@linkcode memoryFiles} can be told. */
export interface MemoryFilesOptions {
  /** Bytes of contents in all. Default: 67,108,864. */
  readonly maxBytes?: number;
  /** Files, directories and links in all. Default: 65,536. */
  readonly maxNodes?: number;
}

const MAX_BYTES = 67_108_864;
const MAX_NODES = 65_536;
const BLOCK_BYTES = 4_096;

/**
 * Files in memory, gone with the process: for tests, and for what shall never reach a disk.
 * Contents and numbers are bounded. Sessions that are given one such value share its files.
 *
 * @param options Bounds.
 * @returns A backend with an empty root.
 *
 * @example
 * ```ts
 * import { memoryFiles } from "@alknet/sftp";
 * import { strictEqual } from "node:assert/strict";
 *
 * const files = memoryFiles();
 * await files.mkdir("/docs");
 * await files.symlink("/link", "docs");
 * strictEqual(await files.realpath("/link"), "/docs");
 * ```
 */
export function memoryFiles(options: MemoryFilesOptions = {}): FileBackend {
  const { maxBytes = MAX_BYTES, maxNodes = MAX_NODES } = options;
  return new MemoryBackend(new MemoryTree(), new Usage(maxBytes, maxNodes));
}

/** What is taken of the bounds, shared by a tree and its subtrees. */
class Usage implements MemoryRoom {
  readonly maxBytes: number;
  readonly maxNodes: number;
  bytes = 0;
  nodes = 1;
  inodes = 1;

  constructor(maxBytes: number, maxNodes: number) {
    this.maxBytes = maxBytes;
    this.maxNodes = maxNodes;
  }

  newInode(): number {
    if (this.nodes >= this.maxNodes) throw new SftpError(StatusCode.Failure, "No space left");
    this.nodes++;
    return ++this.inodes;
  }

  resize(node: FileNode, size: number): void {
    const more = size - node.size;
    if (node.links <= 0 && more > 0) { // nobody would count it
      throw new SftpError(StatusCode.Failure, "File has been removed");
    }
    if (this.bytes + more > this.maxBytes) throw new SftpError(StatusCode.Failure, "No space left");
    resize(node, size);
    if (node.links > 0) this.bytes += more;
  }

  setAttributes(node: MemoryNode, attributes: FileAttributes): void {
    const { size, uid, gid, mode, atime, mtime } = attributes;
    if (size !== undefined) {
      if (node.kind !== "file") throw new SftpError(StatusCode.Failure, "Not a plain file");
      this.resize(node, size);
    }
    if (mode !== undefined) node.permissions = mode & 0o777;
    if (uid !== undefined) node.uid = uid;
    if (gid !== undefined) node.gid = gid;
    if (atime !== undefined) node.atime = atime;
    if (mtime !== undefined) node.mtime = mtime;
  }

  /** A name of a node is gone; with its last one, so is the node. */
  unlinked(node: MemoryNode): void {
    node.links--;
    if (node.kind !== "directory" && node.links > 0) return;
    this.nodes--;
    if (node.kind === "file") this.bytes -= node.size;
  }
}

class MemoryBackend implements FileBackend {
  readonly #tree: MemoryTree;
  readonly #usage: Usage;

  constructor(tree: MemoryTree, usage: Usage) {
    this.#tree = tree;
    this.#usage = usage;
  }

  stat(path: string): FileStat {
    return statOf(this.#tree.node(path));
  }

  lstat(path: string): FileStat {
    return statOf(this.#tree.node(path, false));
  }

  setstat(path: string, attributes: FileAttributes, { follow }: { follow: boolean }): void {
    this.#usage.setAttributes(this.#tree.node(path, follow), attributes);
  }

  open(path: string, mode: OpenMode): MemoryFile {
    const found = this.#tree.find(path, !mode.exclusive);
    if (found.node && mode.create && mode.exclusive) throw exists();
    const node = found.node ?? this.#create(found, mode);
    if (node.kind !== "file") throw new SftpError(StatusCode.Failure, "Is a directory");
    if (mode.truncate) this.#usage.resize(node, 0);
    return new MemoryFile(this.#usage, node, mode.append);
  }

  list(path: string): OpenDirectory {
    const { children } = this.#directory(path);
    const entries = [...children].map(([name, node]): DirectoryEntry => ({
      name,
      stat: statOf(node),
    }));
    return {
      next: (maxEntries) => entries.length > 0 ? entries.splice(0, maxEntries) : undefined,
      close: () => {},
    };
  }

  remove(path: string): void {
    const { node, parent, name } = this.#existing(path);
    if (node.kind === "directory") throw new SftpError(StatusCode.Failure, "Is a directory");
    parent.children.delete(name);
    this.#usage.unlinked(node);
  }

  mkdir(path: string, mode = 0o777): void {
    const found = this.#free(path);
    found.parent.children.set(found.name, newDirectory(this.#usage.newInode(), mode & 0o777));
  }

  rmdir(path: string): void {
    const { node, parent, name } = this.#existing(path);
    if (node === this.#tree.root) throw new SftpError(StatusCode.PermissionDenied);
    if (node.kind !== "directory") throw new SftpError(StatusCode.NoSuchFile, "Not a directory");
    if (node.children.size > 0) throw new SftpError(StatusCode.Failure, "Directory not empty");
    parent.children.delete(name);
    this.#usage.unlinked(node);
  }

  realpath(path: string): string {
    return this.#tree.find(path, true).path;
  }

  rename(from: string, to: string, { replace }: { replace: boolean }): void {
    const source = this.#existing(from);
    const goal = this.#tree.find(to, false);
    if (source.node === goal.node && replace) return;
    if (goal.node && !replace) throw exists();
    if (source.node === this.#tree.root || isWithin(goal.path, source.path)) {
      throw new SftpError(StatusCode.Failure, "Invalid argument");
    }
    if (goal.node?.kind === "directory" && source.node.kind === "directory") this.rmdir(goal.path);
    else if (goal.node) this.remove(goal.path);
    source.parent.children.delete(source.name);
    goal.parent.children.set(goal.name, source.node);
  }

  link(from: string, to: string): void {
    const { node } = this.#existing(from);
    if (node.kind === "directory") throw new SftpError(StatusCode.PermissionDenied);
    const goal = this.#free(to);
    node.links++;
    goal.parent.children.set(goal.name, node);
  }

  readlink(path: string): string {
    const node = this.#tree.node(path, false);
    if (node.kind !== "link") throw new SftpError(StatusCode.Failure, "Not a symbolic link");
    return node.target;
  }

  symlink(path: string, target: string): void {
    const { parent, name } = this.#free(path);
    const base = newBase(this.#usage.newInode(), 0o777);
    parent.children.set(name, { kind: "link", ...base, target });
  }

  statvfs(): FileSystemStat {
    const { bytes, maxBytes, nodes, maxNodes } = this.#usage;
    const freeBlocks = Math.floor((maxBytes - bytes) / BLOCK_BYTES);
    const freeFiles = maxNodes - nodes;
    return {
      blockBytes: BLOCK_BYTES,
      blocks: Math.floor(maxBytes / BLOCK_BYTES),
      freeBlocks,
      availableBlocks: freeBlocks,
      files: maxNodes,
      freeFiles,
      availableFiles: freeFiles,
      readOnly: false,
    };
  }

  subtree(path: string): FileBackend {
    return new MemoryBackend(new MemoryTree(this.#directory(path)), this.#usage);
  }

  #create({ parent, name }: Found, mode: OpenMode): MemoryNode {
    if (!mode.create) throw new SftpError(StatusCode.NoSuchFile);
    const base = newBase(this.#usage.newInode(), (mode.mode ?? 0o666) & 0o777);
    const node: FileNode = { kind: "file", ...base, content: new Uint8Array(0), size: 0 };
    parent.children.set(name, node);
    return node;
  }

  #existing(path: string): Found & { readonly node: MemoryNode } {
    const found = this.#tree.find(path, false);
    if (!found.node) throw new SftpError(StatusCode.NoSuchFile);
    return { ...found, node: found.node };
  }

  #free(path: string): Found {
    const found = this.#tree.find(path, false);
    if (found.node) throw exists();
    return found;
  }

  #directory(path: string): DirectoryNode {
    const node = this.#tree.node(path);
    if (node.kind !== "directory") throw new SftpError(StatusCode.NoSuchFile, "Not a directory");
    return node;
  }
}

function exists(): SftpError {
  return new SftpError(StatusCode.Failure, "File exists");
}
