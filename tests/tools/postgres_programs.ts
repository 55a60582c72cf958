import { join } from "node:path";

import { missing } from "./programs.ts";

/** The programs of one PostgreSQL version and the user they run as: the server refuses root. */
export interface ServerPrograms {
  readonly initdb: string;
  readonly postgres: string;
  readonly psql: string;
  readonly owner: Owner;
  /** Prefix of a command that is to run as {@linkcode owner} and not to outlive the test. */
  readonly asOwner: readonly string[];
}

/** A user of the system. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Where Debian keeps them, one directory a version; they are not in `PATH`. */
const DEBIAN_DIR = "/usr/lib/postgresql";

/** The reason to skip tests that need a PostgreSQL server, if there is one. */
export function postgresMissing(): string | undefined {
  const found = findServer();
  return typeof found === "string" ? found : undefined;
}

/** Finds the newest server; a string says what is missing. */
export function findServer(): ServerPrograms | string {
  const absent = missing("setpriv") ?? missing("psql");
  if (absent !== undefined) return absent;
  const bin = binaryDirs().find((dir) => missing("initdb", dir) === undefined);
  if (bin === undefined) return "the PostgreSQL server is not installed";
  const owner = serverOwner();
  if (owner === undefined) return "root has no user postgres to run the server as";
  return {
    initdb: join(bin, "initdb"),
    postgres: join(bin, "postgres"),
    psql: "psql",
    owner,
    asOwner: ["setpriv", "--pdeathsig=QUIT", ...(Deno.uid() === 0 ? become(owner) : [])],
  };
}

function become({ uid, gid }: Owner): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
}

function binaryDirs(): string[] {
  const path = (Deno.env.get("PATH") ?? "").split(":").filter(Boolean);
  return [...debianVersions().map((version) => `${DEBIAN_DIR}/${version}/bin`), ...path];
}

function debianVersions(): string[] {
  try {
    const names = [...Deno.readDirSync(DEBIAN_DIR)].map(({ name }) => name);
    return names.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function serverOwner(): Owner | undefined {
  const uid = Deno.uid();
  const gid = Deno.gid();
  if (uid === null || gid === null) return undefined;
  if (uid !== 0) return { uid, gid };
  const line = Deno.readTextFileSync("/etc/passwd").match(/^postgres:[^:]*:(\d+):(\d+):/m);
  return line ? { uid: Number(line[1]), gid: Number(line[2]) } : undefined;
}
