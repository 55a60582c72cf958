/** The Deno this repository is built, tested and bundled with; README and .ci/run name the same. */
export const DENO_VERSION = "2.9.6";
