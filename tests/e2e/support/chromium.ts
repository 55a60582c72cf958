import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";

import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's Chromium, which playwright only drives. */
const PROGRAM = "/usr/bin/chromium";
/** Without these it looks for the world outside, which CI does not have. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How a browser is to see a node. */
export interface ChromiumOptions {
  /** SHA-256 of the public key the node's certificate may have, in Base64. */
  readonly spki: string;
  /** Port on which `localhost` is to be spoken to over QUIC at once, without Alt-Svc. */
  readonly quicPort?: number;
}

/** A page in a fresh headless browser. */
export async function openChromium(options: ChromiumOptions): Promise<Page & AsyncDisposable> {
  const args = [
    ...QUIET,
    "--host-resolver-rules=MAP localhost 127.0.0.1",
    `--ignore-certificate-errors-spki-list=${options.spki}`,
    ...(options.quicPort ? [`--origin-to-force-quic-on=localhost:${options.quicPort}`] : []),
  ];
  const browser: Browser = await chromium.launch({ executablePath: PROGRAM, args });
  const page = await browser.newPage();
  return Object.assign(page, { [Symbol.asyncDispose]: () => browser.close() });
}

/** What Chromium and WebTransport have to know of a certificate to accept it. */
export interface CertificateHashes {
  /** SHA-256 of the public key, in Base64. */
  readonly spki: string;
  /** SHA-256 of the whole. */
  readonly sha256: Uint8Array<ArrayBuffer>;
}

/** The hashes of a certificate in PEM. */
export async function hashesOf(pem: string): Promise<CertificateHashes> {
  const { publicKey, raw } = new X509Certificate(pem);
  const key = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  const [spki, sha256] = await Promise.all(
    [key, new Uint8Array(raw)].map((bytes) => crypto.subtle.digest("SHA-256", bytes)),
  );
  return {
    spki: new Uint8Array(spki ?? []).toBase64(),
    sha256: new Uint8Array(sha256 ?? []),
  };
}

/** The hashes of the certificate that a node on loopback shows. */
export async function hashesAt(port: number): Promise<CertificateHashes> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { host: "127.0.0.1", port, servername: "localhost", ALPNProtocols: ["h2"] };
  const socket = connect({ ...options, rejectUnauthorized: false }, () => {
    const { raw } = socket.getPeerCertificate(true);
    const base64 = new Uint8Array(raw).toBase64();
    resolve(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----`);
    socket.destroy();
  });
  socket.on("error", reject);
  return await hashesOf(await promise);
}
