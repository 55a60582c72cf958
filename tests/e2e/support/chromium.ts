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
