import type { Edge } from "./imports.ts";

/** What a rule forbids, told to the one who did it. */
export type Violation = string;

const HANDLER = /^handlers\//;
const TEST_FILE = /_(test|bench)\.tsx?$/;

/** Packages that import no package of ours, tests included. */
const LEAVES: readonly string[] = ["src/core", "src/vault"];

/**
 * Packages a handler may import by value; of the others in src it may take types only. Protocols
 * that are no handler's own, such as HTTP/3, are among them: they hold no state of a node.
 */
const FOR_HANDLERS: readonly string[] = ["src/core", "src/h3", "src/operations"];

/** The only package that knows every other. */
const ASSEMBLY = "src/cli";

/** Checks who imports whom; see decision 14 of the architecture. */
export function importViolations(edges: readonly Edge[]): Violation[] {
  return [...edges.flatMap(edgeViolations), ...cycles(edges)];
}

function edgeViolations(edge: Edge): Violation[] {
  const say = (why: string): Violation[] => [`${edge.from} imports "${edge.specifier}": ${why}`];
  const from = edge.fromPackage;
  if (isRelative(edge)) return say("packages import each other by name");
  if (from === undefined || from === ASSEMBLY) return [];
  if (LEAVES.includes(from)) return say(`${from} imports no other package`);
  if (HANDLER.test(edge.to)) {
    return say(HANDLER.test(from) ? "no handler imports another" : "only src/cli imports handlers");
  }
  if (edge.to === ASSEMBLY) return say("nothing imports src/cli");
  if (!HANDLER.test(from) || TEST_FILE.test(edge.from)) return [];
  if (FOR_HANDLERS.includes(edge.to) || edge.typeOnly) return [];
  return say(`a handler imports ${FOR_HANDLERS.join(", ")} and types of others`);
}

/** Relative paths into a package work in the checkout and break once the package is published. */
function isRelative(edge: Edge): boolean {
  return edge.fromPackage !== undefined && edge.specifier.startsWith(".");
}

function cycles(edges: readonly Edge[]): Violation[] {
  const next = new Map<string, Set<string>>();
  for (const { fromPackage, to, from } of edges) {
    if (fromPackage === undefined || TEST_FILE.test(from)) continue;
    next.set(fromPackage, (next.get(fromPackage) ?? new Set()).add(to));
  }
  return [...next.keys()]
    .filter((start) => reaches(start, start, next))
    .map((dir) => `${dir} is part of an import cycle`);
}

function reaches(from: string, goal: string, next: ReadonlyMap<string, Set<string>>): boolean {
  const seen = new Set<string>();
  const queue = [...next.get(from) ?? []];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (at === goal) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    queue.push(...next.get(at) ?? []);
  }
  return false;
}
