/** Bounds of terminals for other handlers. */
export interface TerminalLimits {
  /** Terminals of one identity at once. Default: 16. */
  readonly maxTerminals: number;
  /** Time in which nothing was typed and nothing shown after which one ends. Default: 3,600,000. */
  readonly terminalIdleMs: number;
}

/** What they use where nothing else is said. */
export const DEFAULT_TERMINAL_LIMITS: TerminalLimits = {
  maxTerminals: 16,
  terminalIdleMs: 3_600_000,
};

/** What became of terminals for other handlers. */
export interface TerminalCounters {
  /** Open now. */
  open: number;
  /** Opened so far. */
  opened: number;
  /** Refused: `maxTerminals`. */
  refusedLimit: number;
  /** Refused for another reason: shells off, no scope, no account. */
  refused: number;
  /** Ended by `terminalIdleMs`. */
  endedIdle: number;
  /** Ended because the permission was withdrawn. */
  endedRevoked: number;
}

/** All counters at zero. */
export function zeroTerminalCounters(): TerminalCounters {
  return { open: 0, opened: 0, refusedLimit: 0, refused: 0, endedIdle: 0, endedRevoked: 0 };
}
