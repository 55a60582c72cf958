import type { FileStat, OpenFile } from "../../backend.ts";
import type { FileAttributes } from "../../wire/attributes.ts";
import { type FileNode, statOf } from "./node.ts";

/** What a file needs of the file system it lies in. */
export interface MemoryRoom {
  /** Makes a file longer or shorter, or throws where there is no room for it. */
  resize(node: FileNode, size: number): void;
  setAttributes(node: FileNode, attributes: FileAttributes): void;
}

/** A file in memory that is open. It lives on while it is, also when its last name is removed. */
export class MemoryFile implements OpenFile {
  readonly #room: MemoryRoom;
  readonly #node: FileNode;
  readonly #append: boolean;

  /** Takes the file and how it is written to. */
  constructor(room: MemoryRoom, node: FileNode, append: boolean) {
    this.#room = room;
    this.#node = node;
    this.#append = append;
  }

  read(buffer: Uint8Array, position: number): number {
    const { content, size } = this.#node;
    const part = content.subarray(
      Math.min(position, size),
      Math.min(position + buffer.length, size),
    );
    buffer.set(part);
    return part.length;
  }

  write(bytes: Uint8Array, position: number): void {
    const node = this.#node;
    const at = this.#append ? node.size : position;
    if (at + bytes.length > node.size) this.#room.resize(node, at + bytes.length);
    node.content.set(bytes, at);
    node.mtime = Date.now() / 1000;
  }

  stat(): FileStat {
    return statOf(this.#node);
  }

  setstat(attributes: FileAttributes): void {
    this.#room.setAttributes(this.#node, attributes);
  }

  sync(): void {}

  close(): void {}
}
