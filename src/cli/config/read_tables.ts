import { parse, TomlError } from "smol-toml";
import { ConfigError } from "../errors.ts";
import { locate } from "./locate.ts";

/** A parsed TOML file that remembers where it came from. */
export interface TomlFile {
  readonly file: string;
  readonly text: string;
  readonly root: Readonly<Record<string, unknown>>;
}

/** Largest file that is read, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Reads a TOML file.
 *
 * @returns Undefined when there is no such file.
 * @throws {ConfigError} When it cannot be read or is not TOML.
 */
export async function readToml(file: string): Promise<TomlFile | undefined> {
  const text = await readText(file);
  return text === undefined ? undefined : parseToml(file, text);
}

/**
 * Parses TOML.
 *
 * @throws {ConfigError} At the place of the first syntax error.
 */
export function parseToml(file: string, text: string): TomlFile {
  try {
    return { file, text, root: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [problem = "not TOML"] = error.message.split("\n");
    const place = { line: error.line, column: error.column };
    throw new ConfigError(file, place, problem.replace(/^Invalid TOML document: /, ""), {
      cause: error,
    });
  }
}

/** The tables of one name, whether it stands once, several times or not at all. */
export function tablesOf(toml: TomlFile, table: string): Readonly<Record<string, unknown>>[] {
  const value = toml.root[table];
  if (value === undefined) return [];
  const tables = Array.isArray(value) ? value : [value];
  return tables.map((each, index) => {
    if (isTable(each)) return each;
    throw new ConfigError(
      toml.file,
      locate(toml.text, { table: "", key: table, index }),
      `"${table}" must be a table`,
    );
  });
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const { size } = await Deno.stat(file);
    if (size > MAX_BYTES) {
      throw new ConfigError(file, { line: 1, column: 1 }, `${size} bytes: at most ${MAX_BYTES}`);
    }
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof ConfigError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(file, { line: 1, column: 1 }, `Cannot be read: ${detail}`);
  }
}
