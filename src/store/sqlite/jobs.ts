import { Turns } from "../turns.ts";

/** Long work on a database file. */
export type Job =
  | { readonly kind: "check" | "vacuum" | "checkpoint"; readonly path: string }
  | { readonly kind: "backup"; readonly path: string; readonly target: string };

/** How a job ended. */
export type JobAnswer =
  | { readonly ok: true; readonly problems: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly errcode?: number };

/** Thrown for a job that failed, with SQLite's own message and code. */
export class JobError extends Error {
  override readonly name = "JobError";
  readonly blame = "local";
  /** SQLite's result code, where it gave one. */
  readonly errcode?: number;

  constructor(message: string, errcode?: number) {
    super(message);
    this.errcode = errcode;
  }
}

/** How long the worker stays when there is nothing to do. */
const IDLE_MS = 10_000;

/** In a bundle the worker is a file beside the program, see tests/tools/bundle/parts.ts. */
const WORKER = import.meta.url.endsWith("/jobs.ts") ? "./job_worker.ts" : "./store_job_worker.js";

/** Runs jobs one after the other in a Worker, which is there only while it is needed. */
export class Jobs implements AsyncDisposable {
  readonly #turns = new Turns();
  #worker?: Worker;
  #idle?: number;
  #closed = false;

  /**
   * Runs one job.
   *
   * @returns What a check found; nothing for other jobs.
   * @throws {JobError} When it fails.
   */
  async run(job: Job): Promise<readonly string[]> {
    using _turn = await this.#turns.take();
    if (this.#closed) throw new JobError("Cannot start work on a closed store");
    clearTimeout(this.#idle);
    const worker = this.#worker ??= new Worker(new URL(WORKER, import.meta.url), {
      type: "module",
    });
    try {
      return await answerTo(job, worker);
    } catch (error) {
      this.#stop(); // it may be beyond work
      throw error;
    } finally {
      this.#idle = Number(setTimeout(() => this.#stop(), IDLE_MS));
      Deno.unrefTimer(this.#idle);
    }
  }

  /** Waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    using _turn = await this.#turns.take();
    this.#closed = true;
    clearTimeout(this.#idle);
    this.#stop();
  }

  #stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

function answerTo(job: Job, worker: Worker): Promise<readonly string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  worker.onmessage = ({ data }: MessageEvent<JobAnswer>) => {
    if (data.ok) resolve(data.problems);
    else reject(new JobError(data.message, data.errcode));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new JobError(`Worker failed: ${event.message}`));
  };
  worker.postMessage(job);
  return promise;
}
