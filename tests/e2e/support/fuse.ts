/** The reason why nothing can be mounted here, if there is one. */
export function noFuse(): string | undefined {
  try {
    Deno.openSync("/dev/fuse", { read: true, write: true }).close();
    return undefined;
  } catch (error) {
    return `/dev/fuse cannot be opened: ${error instanceof Error ? error.message : error}`;
  }
}
