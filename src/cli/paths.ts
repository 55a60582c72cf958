import { join } from "node:path";
import { CliError, ExitCode } from "./errors.ts";

/** Where everything lies (docs/guide.md, "Files"). */
export interface Paths {
  /** `alknet.toml`. */
  readonly config: string;
  /** Directory of the vault and the peers. */
  readonly data: string;
  /** The vault file. */
  readonly vault: string;
  /** The key file beside it, where there is one. */
  readonly vaultKey: string;
  /** Peers, tokens and state, in the database that commands change. */
  readonly store: string;
  /** Peers and tokens that a person keeps by hand, beside those of the store. */
  readonly identities: string;
  /** Directory that SFTP serves unless another one is configured. */
  readonly files: string;
  /** What worked for dialling. */
  readonly dialPaths: string;
  /** Directory of sockets. */
  readonly runtime: string;
  /** The running node's control socket. */
  readonly control: string;
  /** The vault agent's socket. */
  readonly agent: string;
}

/**
 * Resolves all paths: everything under `ALKNET_HOME` where that is set, else as the XDG Base
 * Directory Specification 0.8 says.
 *
 * @param env Reads an environment variable.
 * @throws {CliError} When there is neither `ALKNET_HOME` nor `HOME`.
 */
export function resolvePaths(env: (name: string) => string | undefined): Paths {
  const { config, data, runtime } = directories(env);
  return {
    config: join(config, "alknet.toml"),
    data,
    vault: join(data, "vault.json"),
    vaultKey: join(data, "vault.json.key"),
    store: join(data, "store", "alknet.db"),
    identities: join(data, "identities.toml"),
    files: join(data, "files"),
    dialPaths: join(data, "dial-paths.json"),
    runtime,
    control: join(runtime, "control.sock"),
    agent: join(runtime, "agent.sock"),
  };
}

interface Directories {
  readonly config: string;
  readonly data: string;
  readonly runtime: string;
}

function directories(env: (name: string) => string | undefined): Directories {
  const own = env("ALKNET_HOME");
  if (own) return { config: own, data: own, runtime: join(own, "run") };
  const home = env("HOME");
  if (!home) {
    throw new CliError("Cannot find a home: set HOME or ALKNET_HOME", ExitCode.Usage);
  }
  const data = join(env("XDG_DATA_HOME") || join(home, ".local/share"), "alknet");
  const runtime = env("XDG_RUNTIME_DIR");
  return {
    config: join(env("XDG_CONFIG_HOME") || join(home, ".config"), "alknet"),
    data,
    runtime: runtime ? join(runtime, "alknet") : join(data, "run"),
  };
}

/** Makes a directory that only its owner may enter. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
}
