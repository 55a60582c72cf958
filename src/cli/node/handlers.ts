import { EnrolmentError, type Handler } from "@alknet/core";
import { ALPN as CALL_ALPN, call, type CallOptions } from "@alknet/call";
import { echo } from "@alknet/echo";
import { http } from "@alknet/http";
import { ALPN as JOIN_ALPN, join } from "@alknet/join";
import { ALPN as PING_ALPN, ping } from "@alknet/ping";
import { ALPN as SFTP_ALPN, sftp } from "@alknet/sftp";
import { OperationRegistry } from "@alknet/operations";
import { ed25519HostKey, type SshHandler } from "@alknet/ssh";
import type { Config } from "../config/config.ts";
import { CliError, ExitCode } from "../errors.ts";
import { loadExport } from "./load_module.ts";
import type { SftpFiles } from "./sftp_files.ts";
import { createSsh } from "./ssh_node.ts";
import { nodeWebApp, type WebServices } from "./web.ts";

/** A protocol this program can serve. */
export interface BuiltInHandler {
  /** One line for people. */
  readonly doc: string;
  /** Makes it as configured. */
  create(config: Config, services: HandlerServices): Handler;
}

/** What handlers are given beside their configuration. */
export interface HandlerServices extends WebServices {
  /** Told of each connection over which operations are called. */
  readonly onCallConnect?: CallOptions["onConnect"];
  /** The files that peers may have. */
  readonly sftpFiles: SftpFiles;
  /** Makes the SSH handler, with what it needs. */
  ssh(config: Config): SshHandler;
}

/** Services of a program that only looks at handlers and serves nobody. */
export const NO_SERVICES: HandlerServices = {
  enrolment: { redeem: () => Promise.reject(new EnrolmentError("unknown")) },
  nodeId: "",
  dispatcher: new OperationRegistry(),
  ssh: ({ ssh }) =>
    createSsh(ssh, {
      hostKey: ed25519HostKey(new Uint8Array(32)),
      subsystems: new Map(),
      commands: [],
      subsystemCommands: new Map(),
      recordings: "",
      onEvent: () => {},
    }),
  catalogue: new OperationRegistry(),
  endpoint: () => undefined,
  pages: [],
  sites: { isOwnHost: () => true, servers: () => [] },
  sftpFiles: () => Promise.resolve(undefined),
};

/** Every protocol in the program, by the name `handlers.enabled` uses. */
export const BUILT_IN: ReadonlyMap<string, BuiltInHandler> = new Map<
  string,
  BuiltInHandler
>([
  ["ping", { doc: "Round trips and who you are here (alknet ping)", create: () => ping() }],
  ["call", {
    doc: "Operations, for programs (alknet ops, alknet call)",
    create: (_config, { dispatcher, onCallConnect: onConnect }) => call({ dispatcher, onConnect }),
  }],
  ["join", {
    doc: "Lets in who has an invitation (alknet invite, alknet join)",
    create: (_config, { enrolment }) => join({ enrolment }),
  }],
  ["http", {
    doc: "HTTP/1.1, HTTP/2 and HTTP/3 for curl and browsers",
    create: (config, services) =>
      http({
        app: nodeWebApp(config, services),
        publicUrl: config.http.publicUrl,
        carry: services.endpoint,
      }),
  }],
  ["ssh", {
    doc: "Shells, commands, files and forwarding for SSH clients (alknet ssh-config)",
    create: (config, services) => services.ssh(config),
  }],
  ["sftp", {
    doc: "Files (alknet cp, alknet sftp)",
    create: (_config, { sftpFiles }) => sftp({ files: sftpFiles }),
  }],
  ["echo", {
    doc: "Every byte back, for trying things out",
    create: ({ echoPeerAuth }) => echo({ peerAuth: echoPeerAuth }),
  }],
]);

/**
 * Makes the configured handlers, in order.
 *
 * @throws {CliError} For a name nobody knows, or a module that does not export a handler.
 */
export async function createHandlers(
  config: Config,
  services: HandlerServices,
): Promise<Handler[]> {
  const builtIn = config.handlers.map((name) => createBuiltIn(name, config, services));
  const loaded = await Promise.all(config.modules.map((specifier) => load(specifier, config)));
  return [...builtIn, ...loaded];
}

/** Protocols of this program that begin with a proof of the peer's key wherever they are served. */
export const ALPNS_WITH_PROOF: ReadonlySet<string> = new Set([
  PING_ALPN,
  CALL_ALPN,
  JOIN_ALPN,
  SFTP_ALPN,
]);

function createBuiltIn(name: string, config: Config, services: HandlerServices): Handler {
  const found = BUILT_IN.get(name);
  if (found) return found.create(config, services);
  throw new CliError(
    `Unknown handler "${name}" in [handlers] enabled: one of ${[...BUILT_IN.keys()].join(", ")}`,
    ExitCode.Config,
  );
}

async function load(specifier: string, config: Config): Promise<Handler> {
  const module = { specifier, kind: "handler", configFile: config.file };
  const handler = await loadExport(module, "handler");
  if (isHandler(handler)) return handler;
  throw new CliError(
    `Handler module "${specifier}" has no export "handler" with name, alpn and accept`,
    ExitCode.Config,
  );
}

function isHandler(value: unknown): value is Handler {
  return typeof value === "object" && value !== null &&
    "name" in value && typeof value.name === "string" &&
    "alpn" in value && Array.isArray(value.alpn) &&
    "accept" in value && typeof value.accept === "function";
}
