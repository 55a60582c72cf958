/** A directory that is removed in the end. */
export interface TempDirectory extends AsyncDisposable {
  /** Where it is. */
  readonly path: string;
}

/** Makes one. */
export async function tempDirectory(): Promise<TempDirectory> {
  const path = await Deno.makeTempDir({ prefix: "alknet-store-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
