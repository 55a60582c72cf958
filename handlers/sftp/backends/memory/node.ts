import type { FileStat } from "../../backend.ts";
import { FileType } from "../../wire/attributes.ts";

/** A plain file: content in a buffer that grows by doubling. */
export interface FileNode extends NodeBase {
  readonly kind: "file";
  content: Uint8Array;
  size: number;
}

/** A directory. */
export interface DirectoryNode extends NodeBase {
  readonly kind: "directory";
  readonly children: Map<string, MemoryNode>;
}

/** A symbolic link. */
export interface LinkNode extends NodeBase {
  readonly kind: "link";
  readonly target: string;
}

/** Any of them. */
export type MemoryNode = FileNode | DirectoryNode | LinkNode;

interface NodeBase {
  readonly inode: number;
  permissions: number;
  uid: number;
  gid: number;
  atime: number;
  mtime: number;
  links: number;
}

const TYPES = {
  file: FileType.File,
  directory: FileType.Directory,
  link: FileType.Link,
} as const;

/** What a node is, as sessions know it. */
export function statOf(node: MemoryNode): FileStat {
  const { inode, permissions, uid, gid, atime, mtime, links } = node;
  const size = node.kind === "file" ? node.size : node.kind === "link" ? node.target.length : 0;
  return { size, uid, gid, mode: TYPES[node.kind] | permissions, atime, mtime, links, inode };
}

/** What all new nodes have. */
export function newBase(inode: number, permissions: number): NodeBase {
  const now = Date.now() / 1000;
  return { inode, permissions, uid: 0, gid: 0, atime: now, mtime: now, links: 1 };
}

/** Makes a file longer or shorter; what is new is zero. */
export function resize(node: FileNode, size: number): void {
  if (size > node.content.length) {
    const larger = new Uint8Array(Math.max(size, node.content.length * 2));
    larger.set(node.content.subarray(0, node.size));
    node.content = larger;
  } else if (size < node.size) node.content.fill(0, size, node.size);
  node.size = size;
}
