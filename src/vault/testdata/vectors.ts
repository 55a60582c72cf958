import { testOrSkip } from "../../../tests/tools/skip.ts";

const FOLDER = new URL("../../../../shared/vectors/", import.meta.url);

/** Registers a test over a file of public vectors, skipped where the folder is absent. */
export function vectorTest<T>(
  name: string,
  file: string,
  fn: (vectors: T) => void | Promise<void>,
): void {
  const url = new URL(file, FOLDER);
  let text: string | undefined;
  try {
    text = Deno.readTextFileSync(url);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const reason = text === undefined ? `../shared/vectors/${file} is absent` : undefined;
  testOrSkip(name, reason, () => fn(JSON.parse(text ?? "")));
}
