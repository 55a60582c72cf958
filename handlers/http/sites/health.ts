/** How many checks in a row change what is thought of a server. */
export interface HealthThresholds {
  /** That have failed, until it is unhealthy. Default: 3. */
  readonly failures?: number;
  /** That have passed, until it is healthy again. Default: 2. */
  readonly successes?: number;
}

const FAILURES = 3;
const SUCCESSES = 2;

/**
 * What is thought of a server by the checks it has had. The first check decides at once, so that a
 * node that starts learns soon; from then on it takes several in a row:
 *
 * ```text
 *  unknown ─ first passed ─► healthy ── failures in a row ──► unhealthy
 *     └───── first failed ──────────────────────────────────────▲  │
 *                              ▲──────── successes in a row ───────┘
 * ```
 *
 * Until the first check has ended a server counts as healthy.
 */
export class Health {
  readonly #failures: number;
  readonly #successes: number;
  #healthy = true;
  #inRow = 0;
  #passed = 0;
  #failed = 0;
  #problem?: string;

  /** Knows nothing yet. */
  constructor({ failures = FAILURES, successes = SUCCESSES }: HealthThresholds = {}) {
    this.#failures = failures;
    this.#successes = successes;
  }

  /** Whether requests may go to it. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** Checks that have passed. */
  get passed(): number {
    return this.#passed;
  }

  /** Checks that have failed. */
  get failed(): number {
    return this.#failed;
  }

  /** Why the last check failed; undefined when it has passed. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Takes the result of a check.
   *
   * @param problem What was wrong; undefined for nothing.
   * @returns Whether it has become healthy, or unhealthy, by it.
   */
  note(problem: string | undefined): boolean {
    const well = problem === undefined;
    const first = this.#passed + this.#failed === 0;
    this.#problem = problem;
    if (well) this.#passed++;
    else this.#failed++;
    this.#inRow = well === this.#healthy ? 0 : this.#inRow + 1;
    const enough = first ? 1 : well ? this.#successes : this.#failures;
    if (this.#inRow < enough) return false;
    this.#healthy = well;
    this.#inRow = 0;
    return true;
  }
}
