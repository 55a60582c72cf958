import { ROOT } from "../../tools/root.ts";

/** Whether `filename` holds tests, benches or their data, where some rules do not apply. */
export function isTestFile(filename: string): boolean {
  // The checkout itself may lie in a directory named tests.
  const path = filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename;
  if (/_(test|bench)\.tsx?$/.test(path) || path.includes("/testdata/")) return true;
  return path.includes("/tests/") && !/\/tests\/(tools|lint)\//.test(path);
}

/** Whether `filename` adapts a library that speaks Node's types (`*_adapter.ts`). */
export function isAdapter(filename: string): boolean {
  return filename.endsWith("_adapter.ts");
}

/** The handlers directory and the handler a file belongs to, if it belongs to one. */
export function handlerOf(filename: string): { root: string; name: string } | undefined {
  const match = /^(.*\/handlers)\/([^/]+)\//.exec(filename);
  return match?.[1] && match[2] ? { root: match[1], name: match[2] } : undefined;
}
