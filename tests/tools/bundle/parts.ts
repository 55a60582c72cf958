/** A module that is bundled to a file of its own. */
export interface Part {
  /** Source, relative to the root. */
  readonly entry: string;
  /** File beside `main.js`; a worker's source refers to it by `new URL("./name.js", …)`. */
  readonly output: string;
}

/** The program; another entry may be given to the tools for trying them out. */
export const MAIN_ENTRY = "src/cli/main.ts";

/** Workers: neither bundled nor compiled on their own, since only a URL leads to them. */
export const WORKERS: readonly Part[] = [
  { entry: "src/store/sqlite/job_worker.ts", output: "store_job_worker.js" },
];

/** Files carried along as they are. */
export const ASSETS: readonly string[] = ["LICENSE-MIT", "LICENSE-APACHE"];
