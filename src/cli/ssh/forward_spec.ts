import type { Address } from "@alknet/core";
import { CliError, ExitCode } from "../errors.ts";

/** An end of a forward. */
export type ForwardEnd =
  | { readonly kind: "tcp" | "udp"; readonly address: Address }
  | { readonly kind: "unix"; readonly path: string };

/** Listens here, and leads there. */
export interface LocalForward extends ForwardPair {
  readonly direction: "local";
}

/** Listens there, and leads here. */
export interface RemoteForward extends ForwardPair {
  readonly direction: "remote";
}

interface ForwardPair {
  /** As it was written. */
  readonly text: string;
  readonly listen: ForwardEnd;
  readonly to: ForwardEnd;
}

/** What is forwarded: `local` listens here, `remote` there, `dynamic` is a proxy here. */
export type ForwardSpec =
  | LocalForward
  | RemoteForward
  | { readonly direction: "dynamic"; readonly text: string; readonly listen: ForwardEnd };

/** Options that say what is forwarded, as ssh has them. */
export interface ForwardOptions {
  readonly L?: readonly string[];
  readonly R?: readonly string[];
  readonly D?: readonly string[];
}

const LOOPBACK = "127.0.0.1";
const MAX_PORT = 65_535;
const UDP = "udp://";

/** All that a command line says about forwarding. */
export function forwardSpecs({ L = [], R = [], D = [] }: ForwardOptions): ForwardSpec[] {
  return [
    ...L.map((text) => pairOf("local", text)),
    ...R.map((text) => pairOf("remote", text)),
    ...D.map(dynamicOf),
  ];
}

/**
 * Reads `[address:]port:host:port` or a path in the place of either end, with `udp://` before it for
 * datagrams; IPv6 addresses stand in brackets.
 *
 * @throws {CliError} For anything else.
 */
function pairOf(direction: "local" | "remote", text: string): ForwardSpec {
  const isUdp = text.startsWith(UDP);
  const option = direction === "local" ? "-L" : "-R";
  const fields = fieldsOf(isUdp ? text.slice(UDP.length) : text);
  const kind = isUdp ? "udp" : "tcp";
  const listen = takeListen(fields, kind);
  const to = listen && takeTo(fields, kind);
  const isWrong = !listen || !to || fields.length > 0;
  if (isWrong || (isUdp && (listen.kind !== "udp" || to.kind !== "udp"))) {
    throw usage(option, text, "[address:]port:host:port, with a path in the place of either end");
  }
  if (isUdp && direction === "remote") {
    throw new CliError("-R carries no datagrams: udp:// goes with -L only", ExitCode.Usage);
  }
  return { direction, text, listen, to };
}

function dynamicOf(text: string): ForwardSpec {
  const fields = fieldsOf(text);
  const listen = takeListen(fields, "tcp");
  if (!listen || listen.kind === "unix" || fields.length > 0) {
    throw usage("-D", text, "[address:]port");
  }
  return { direction: "dynamic", text, listen };
}

/** Fields between colons; brackets hold colons together. */
function fieldsOf(text: string): string[] {
  const parts = text.match(/\[[^\]]*\]|[^:]+|(?<=^|:)(?=:|$)/g) ?? [];
  return parts.join(":") === text ? parts : [];
}

/** Takes a port, an address and a port, or a path from the begin. */
function takeListen(fields: string[], kind: "tcp" | "udp"): ForwardEnd | undefined {
  const path = takePath(fields);
  if (path) return path;
  const isBare = portOf(fields[0]) !== undefined;
  const hostname = isBare ? LOOPBACK : plainHost(fields.shift());
  const port = portOf(fields.shift());
  if (hostname === undefined || port === undefined) return undefined;
  return { kind, address: { hostname, port } };
}

function takeTo(fields: string[], kind: "tcp" | "udp"): ForwardEnd | undefined {
  const path = takePath(fields);
  if (path) return path;
  const hostname = plainHost(fields.shift());
  const port = portOf(fields.shift());
  if (!hostname || port === undefined || port === 0) return undefined;
  return { kind, address: { hostname, port } };
}

function takePath(fields: string[]): ForwardEnd | undefined {
  if (!fields[0]?.startsWith("/")) return undefined;
  return { kind: "unix", path: fields.shift() ?? "" };
}

/** An address without brackets; an empty one and `*` are every address. */
function plainHost(field: string | undefined): string | undefined {
  if (field === "" || field === "*") return "0.0.0.0";
  return field?.replace(/^\[(.*)\]$/, "$1");
}

function portOf(field: string | undefined): number | undefined {
  const port = field !== undefined && /^\d{1,5}$/.test(field) ? Number(field) : MAX_PORT + 1;
  return port <= MAX_PORT ? port : undefined;
}

function usage(option: string, text: string, form: string): CliError {
  return new CliError(`Cannot read ${option} "${text}": write ${form}`, ExitCode.Usage);
}
