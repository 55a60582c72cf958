import type { Files } from "../backend.ts";

/** A file or directory somewhere. */
export interface Place {
  /** Where. */
  readonly files: Files;
  /** Its canonical path there. */
  readonly path: string;
}

/** What every copy can be told. */
export interface CopyOptions {
  /** Give the copy the times and permissions of the source. Default: false. */
  readonly preserve?: boolean;
  /** Go on where an earlier copy of the same file was broken off. Default: true. */
  readonly resume?: boolean;
  /** Compare hashes of source and copy afterwards. Default: false. */
  readonly verify?: boolean;
  /** Bytes of one file under way at a time. Default: 8,388,608. */
  readonly windowBytes?: number;
  /** Called with every number of bytes that arrived, or that need not be copied again. */
  readonly onBytes?: (count: number) => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}
