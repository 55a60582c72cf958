import { connect } from "node:tls";

import { AcmeCertificates, type AcmeOptions, type AcmeStorage } from "@alknet/acme";
import { type Endpoint, type ListenOptions, serve } from "@alknet/core";

import { echo } from "../../core/support.ts";
import type { Machine } from "./cli.ts";
import type { Pebble } from "./pebble.ts";

/** The name that all stories are about; it resolves for pebble only. */
export const NAME = "node.example";

/** Writes the configuration of a machine that gets its certificates from a pebble. */
export async function configure(machine: Machine, pebble: Pebble, more = ""): Promise<void> {
  await machine.write("authority.pem", pebble.caCert);
  await machine.write(
    "alknet.toml",
    `[acme]
names = ["${NAME}"]
terms_agreed = true
directory = "${pebble.directoryUrl}"
ca_file = "authority.pem"
${more}
`,
  );
}

/** Certificates from a pebble, kept in memory where nothing else is said. */
export async function openAcme(
  pebble: Pick<Pebble, "directoryUrl" | "caCert">,
  options: Partial<AcmeOptions> = {},
): Promise<AcmeCertificates> {
  return await AcmeCertificates.open({
    names: [NAME],
    termsAgreed: true,
    directoryUrl: pebble.directoryUrl,
    caCerts: [pebble.caCert],
    storage: memoryFiles(),
    ...options,
  });
}

/** Files that nobody keeps. */
export function memoryFiles(): AcmeStorage {
  const files = new Map<string, string>();
  return {
    read: (file) => Promise.resolve(files.get(file)),
    write: (file, text) => Promise.resolve(void files.set(file, text)),
  };
}

/** A node that echoes. */
export function startNode(listen: Partial<ListenOptions>): Promise<Endpoint> {
  return serve({ handlers: [echo()], listen: [{ hostname: "127.0.0.1", ...listen }] });
}

/** Waits until there is another certificate, or none any more. */
export async function changed(acme: AcmeCertificates): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const forget = acme.onChange(resolve);
  await promise;
  forget();
}

/** The certificate that a server shows for a name over TLS, as a stranger sees it. */
export async function shown(port: number, servername = NAME): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({
    ...{ host: "127.0.0.1", port, servername },
    ALPNProtocols: ["test/echo"],
    rejectUnauthorized: false,
  });
  socket.once("secureConnect", () => {
    const raw: unknown = socket.getPeerCertificate(true).raw;
    if (raw instanceof Uint8Array) sha256(raw).then(resolve, reject);
    else reject(new TypeError("The server showed no certificate"));
  });
  socket.once("error", reject);
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return new Uint8Array(digest).toHex();
}
