/** 100 bytes as JSON. */
export const SMALL = { text: "x".repeat(89) };
/** 1 MiB as JSON. */
export const LARGE_TEXT = "x".repeat(1_048_574);
/** What the gateway knows its caller by. */
export const TOKEN = "bench";
