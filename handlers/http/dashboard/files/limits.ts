/** What bounds files on the pages of a dashboard. */
export interface FileLimits {
  /** Bytes of one upload. Default: 17,179,869,184. */
  readonly maxUploadBytes: number;
  /** Time in which something of a download or an upload has to move. Default: 60,000. */
  readonly stalledMs: number;
}

/** What a dashboard uses where nothing else is said. */
export const DEFAULT_FILE_LIMITS: FileLimits = {
  maxUploadBytes: 17_179_869_184,
  stalledMs: 60_000,
};
