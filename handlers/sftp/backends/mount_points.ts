import type { FileBackend, FileStat } from "../backend.ts";
import { isWithin, joinPath } from "../virtual_path.ts";
import { FileType } from "../wire/attributes.ts";

/** A backend, and a path in it. */
export interface Mounted {
  /** Where it is mounted. */
  readonly point: string;
  readonly files: FileBackend;
  /** The path in the backend. */
  readonly path: string;
}

/** Which backend lies where. */
export class MountPoints {
  readonly #mounts: ReadonlyMap<string, FileBackend>;

  /** Takes backends by canonical path. */
  constructor(mounts: ReadonlyMap<string, FileBackend>) {
    this.#mounts = mounts;
  }

  /** All backends. */
  get all(): readonly FileBackend[] {
    return [...this.#mounts.values()];
  }

  /** The backend in which a path lies: the one that is mounted deepest. */
  at(path: string): Mounted | undefined {
    let best: string | undefined;
    for (const point of this.#mounts.keys()) {
      if (isWithin(path, point) && point.length >= (best ?? "").length) best = point;
    }
    const files = best === undefined ? undefined : this.#mounts.get(best);
    if (best === undefined || !files) return undefined;
    return { point: best, files, path: (best === "/" ? path : path.slice(best.length)) || "/" };
  }

  /** Whether something other than the root is mounted there or below. */
  holds(path: string): boolean {
    return [...this.#mounts.keys()].some((point) => point !== "/" && isWithin(point, path));
  }

  /** Names that lead from a directory towards mount points. */
  namesIn(path: string): ReadonlySet<string> {
    const names = new Set<string>();
    for (const point of this.#mounts.keys()) {
      if (point === path || !isWithin(point, path)) continue;
      const [name = ""] = point.slice(path === "/" ? 1 : path.length + 1).split("/");
      names.add(name);
    }
    return names;
  }

  /** The mounts as they look from a directory. */
  below(path: string): ReadonlyMap<string, FileBackend> {
    const below = [...this.#mounts].filter(([point]) => point !== path && isWithin(point, path));
    return new Map(below.map(([point, files]) => [
      path === "/" ? point : point.slice(path.length),
      files,
    ]));
  }
}

/** A directory that is there only because something is mounted below. */
export function virtualDirectory(): FileStat {
  const mode = FileType.Directory | 0o555;
  return { size: 0, uid: 0, gid: 0, mode, atime: 0, mtime: 0, links: 2, inode: 0 };
}

/** The path a path of a mounted backend has from outside. */
export function outside({ point }: Mounted, path: string): string {
  return path === "/" ? point : joinPath(point, path.slice(1));
}
