import { join } from "node:path";

import { packages, sourceFiles } from "../../arch/workspace.ts";

/** Text of a part of the program by which it is found again in an executable. */
export interface Marker {
  /** The part, as it is reported. */
  readonly part: string;
  /** All of these have to be there. */
  readonly texts: readonly string[];
}

/** A marker for every handler of the repository: its ALPNs, and the longest line of its mod.ts. */
export async function handlerMarkers(root: string): Promise<Marker[]> {
  const handlers = (await packages(root)).filter(({ kind }) => kind === "handler");
  return await Promise.all(handlers.map(async ({ dir }) => {
    const { texts } = await fileMarker(join(dir, "mod.ts"), root);
    const alpns = (await sourceFiles(dir, root))
      .filter(({ path }) => !/_(test|bench)\.tsx?$/.test(path))
      .flatMap(({ text }) => alpnLiterals(text));
    return { part: dir, texts: [...new Set([...texts, ...alpns])] };
  }));
}

/** A marker for a worker or an asset: its longest line. */
export async function fileMarker(path: string, root: string): Promise<Marker> {
  const lines = (await Deno.readTextFile(join(root, path))).split("\n");
  const longest = lines.reduce((a, b) => b.length > a.length ? b : a, "");
  return { part: path, texts: [longest.trim()] };
}

/** The strings a module defines as ALPN: `ALPN = "alknet/echo"`, `ALPNS = ["h2", "http/1.1"]`. */
export function alpnLiterals(text: string): string[] {
  const definitions = text.matchAll(/^(?:export )?const \w*ALPN\w*\b[^=]*=([^;]*);/gm);
  return [...definitions].flatMap(([, value = ""]) => value.match(/"[^"\n]+"/g) ?? []);
}

/** What of each marker is not in the bytes; parts that are whole are left out. */
export function absentParts(bytes: Uint8Array, markers: readonly Marker[]): Marker[] {
  // latin1 keeps one character a byte, so that a text in UTF-8 is found by its bytes.
  const content = latin1(bytes);
  return markers
    .map(({ part, texts }) => ({ part, texts: texts.filter((text) => !has(content, text)) }))
    .filter(({ texts }) => texts.length > 0);
}

function has(content: string, text: string): boolean {
  return text !== "" && content.includes(latin1(new TextEncoder().encode(text)));
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("x-user-defined").decode(bytes);
}
