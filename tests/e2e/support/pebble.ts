import { join } from "node:path";

import { generateNodeKey, issueLeaf, type NodeKey, signedAnchor } from "@alknet/core";

import { freePort } from "../../tools/free_port.ts";
import { missing } from "../../tools/skip.ts";

/** What {@linkcode startPebble} can be told. */
export interface PebbleOptions {
  /** Port at which names are asked for tls-alpn-01. Default: one where nobody is. */
  readonly tlsPort?: number;
  /** Port at which names are asked for http-01. Default: one where nobody is. */
  readonly httpPort?: number;
  /** Life of the certificates. Default: an hour. */
  readonly lifetimeSeconds?: number;
  /** Percentage of good nonces that are refused. Default: 20. */
  readonly nonceReject?: number;
  /** Keys of external accounts, base64url; then accounts must be bound to one. Default: none. */
  readonly macKeys?: Readonly<Record<string, string>>;
  /** Port of the server itself. Default: any. */
  readonly port?: number;
  /** Key that its own TLS certificate is issued under. Default: a fresh one. */
  readonly issuer?: NodeKey;
}

/** Debian's pebble, with a DNS server for which every name is 127.0.0.1. */
export interface Pebble extends AsyncDisposable {
  /** URL of its directory. */
  readonly directoryUrl: string;
  /** What its own TLS certificate is verified with, PEM. */
  readonly caCert: string;
  /** A file with {@linkcode Pebble.caCert}. */
  readonly caFile: string;
  /** The root of what it issues, PEM. */
  root(): Promise<string>;
}

/** Why there is no pebble here, if so. */
export function noPebble(): string | undefined {
  return missing("pebble") ?? missing("pebble-challtestsrv");
}

/** Starts it and waits until it accepts. */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  await using started = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "pebble " });
  started.defer(() => Deno.remove(dir, { recursive: true }));
  const [free, management, dns, dnsManagement] = [freePort(), freePort(), freePort(), freePort()];
  const port = options.port ?? free;
  const { caCert } = await writeFiles(dir, options, { port, management });
  started.use(
    await spawn("pebble-challtestsrv", {
      args: [
        ...["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${dnsManagement}`],
        ...["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""],
      ],
      ready: /Starting management server/,
    }),
  );
  started.use(
    await spawn("pebble", {
      args: ["-config", join(dir, "config.json"), "-dnsserver", `127.0.0.1:${dns}`],
      env: {
        PEBBLE_VA_NOSLEEP: "1",
        PEBBLE_AUTHZREUSE: "0",
        PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 20),
      },
      ready: /ACME directory available/,
    }),
  );
  const all = started.move();
  return {
    directoryUrl: `https://localhost:${port}/dir`,
    caCert,
    caFile: join(dir, "ca.pem"),
    root: () => ask(`https://localhost:${management}/roots/0`, caCert),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function writeFiles(
  dir: string,
  options: PebbleOptions,
  { port, management }: { port: number; management: number },
): Promise<{ caCert: string }> {
  const { tlsPort = freePort(), httpPort = freePort(), lifetimeSeconds = 3_600, macKeys } = options;
  const key = options.issuer ?? await generateNodeKey();
  const leaf = await issueLeaf(key, { names: ["localhost"] });
  const caCert = await signedAnchor(key);
  const config = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: join(dir, "cert.pem"),
    privateKey: join(dir, "key.pem"),
    httpPort,
    tlsPort,
    certificateValidityPeriod: lifetimeSeconds,
    externalAccountBindingRequired: macKeys !== undefined,
    externalAccountMACKeys: macKeys ?? {},
  };
  await Deno.writeTextFile(config.certificate, leaf.cert);
  await Deno.writeTextFile(config.privateKey, leaf.key);
  await Deno.writeTextFile(join(dir, "ca.pem"), caCert);
  await Deno.writeTextFile(join(dir, "config.json"), JSON.stringify({ pebble: config }));
  return { caCert };
}

interface Program {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** What it prints when it accepts. */
  readonly ready: RegExp;
}

async function spawn(program: string, { args, env, ready }: Program): Promise<AsyncDisposable> {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", 'exec "$0" "$@" 2>&1', program, ...args],
    env,
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const reading = (async () => {
    let text = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      text = (text + chunk).slice(-100_000);
      if (Deno.env.has("PEBBLE_LOG")) Deno.stderr.writeSync(new TextEncoder().encode(chunk));
      if (ready.test(text)) resolve();
    }
    reject(new TypeError(`${program} ended: ${text}`));
  })();
  await promise;
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await child.status;
      await reading;
    },
  };
}

async function ask(url: string, caCert: string): Promise<string> {
  using client = Deno.createHttpClient({ caCerts: [caCert] });
  return await (await fetch(url, { client })).text();
}
