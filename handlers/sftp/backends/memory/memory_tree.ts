import { SftpError } from "../../sftp_error.ts";
import { joinPath, splitPath } from "../../virtual_path.ts";
import { StatusCode } from "../../wire/codes.ts";
import { type DirectoryNode, type MemoryNode, newBase } from "./node.ts";

/** Links followed in one path, as Linux has it. */
const MAX_LINKS = 40;

/** Where a path led. */
export interface Found {
  /** The path without symbolic links. */
  readonly path: string;
  readonly parent: DirectoryNode;
  readonly name: string;
  /** Undefined where the last part is missing. */
  readonly node: MemoryNode | undefined;
}

/** Finds nodes below a root by their paths; `..` in a link stops at the root. */
export class MemoryTree {
  readonly root: DirectoryNode;

  /** Takes the root; without one it is a new, empty directory. */
  constructor(root: DirectoryNode = newDirectory(1, 0o777)) {
    this.root = root;
  }

  /**
   * Follows a canonical path.
   *
   * @param follow Whether a link at its end is followed too.
   * @throws {SftpError} When a directory on the way is missing, or links go round in circles.
   */
  find(path: string, follow: boolean): Found {
    let todo = path.split("/").filter(Boolean);
    const above: { readonly node: DirectoryNode; readonly path: string }[] = [];
    let at = { node: this.root, path: "/" };
    let links = 0;
    let last: Found = { path: "/", parent: this.root, name: "", node: this.root };
    while (todo.length > 0) {
      const [part = "", ...rest] = todo;
      todo = rest;
      if (part === "..") {
        at = above.pop() ?? at;
        last = {
          path: at.path,
          parent: above.at(-1)?.node ?? at.node,
          name: splitPath(at.path).name,
          node: at.node,
        };
        continue;
      }
      if (part === ".") continue;
      const node = at.node.children.get(part);
      last = { path: joinPath(at.path, part), parent: at.node, name: part, node };
      if (node?.kind === "link" && (follow || todo.length > 0)) {
        if (++links > MAX_LINKS) {
          throw new SftpError(StatusCode.NoSuchFile, "Too many symbolic links");
        }
        if (node.target.startsWith("/")) {
          above.length = 0;
          at = { node: this.root, path: "/" };
          last = { path: "/", parent: this.root, name: "", node: this.root };
        }
        todo = [...node.target.split("/").filter(Boolean), ...todo];
      } else if (node?.kind === "directory") {
        above.push(at);
        at = { node, path: last.path };
      } else if (todo.length > 0) throw new SftpError(StatusCode.NoSuchFile);
    }
    return last;
  }

  /** The node of a path, links followed. @throws {SftpError} When there is none. */
  node(path: string, follow = true): MemoryNode {
    const { node } = this.find(path, follow);
    if (!node) throw new SftpError(StatusCode.NoSuchFile);
    return node;
  }
}

/** A directory with nothing in it. */
export function newDirectory(inode: number, permissions: number): DirectoryNode {
  return { kind: "directory", ...newBase(inode, permissions), links: 2, children: new Map() };
}
