import { launch, type Page } from "puppeteer-core";

/** Debian's Firefox, which puppeteer drives over WebDriver BiDi. */
const PROGRAM = "/usr/bin/firefox-esr";
/** On a busy machine it takes a while. */
const START_TIMEOUT_MS = 120_000;
/** Longer than any test: whatever is second stays second. */
const NEVER_MS = 600_000;

/** No name but localhost leads anywhere, so that it leaves the world outside alone. */
const QUIET = {
  "network.dns.native-is-localhost": true,
  "network.dns.disableIPv6": true,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

/** How a browser is to see a node. */
export interface FirefoxOptions {
  /** Port on which `localhost` is to be spoken to over QUIC at once, without Alt-Svc. */
  readonly quicPort?: number;
}

/** A page in a fresh headless browser that takes any certificate. */
export async function openFirefox({ quicPort }: FirefoxOptions = {}): Promise<
  Page & AsyncDisposable
> {
  const browser = await launch({
    browser: "firefox",
    executablePath: PROGRAM,
    acceptInsecureCerts: true,
    timeout: START_TIMEOUT_MS,
    extraPrefsFirefox: { ...QUIET, ...(quicPort ? quicFirst(quicPort) : {}) },
  });
  const page = await browser.newPage();
  return Object.assign(page, { [Symbol.asyncDispose]: () => browser.close() });
}

/** QUIC without waiting for Alt-Svc, and without TCP as the faster of two. */
function quicFirst(port: number): Record<string, unknown> {
  const mapping = `localhost;h3=:${port}`;
  return {
    "network.http.http3.disable_when_third_party_roots_found": false,
    "network.http.http3.alt-svc-mapping-for-testing": mapping,
    "network.http.http3.force-use-alt-svc-mapping-for-testing": mapping,
    "network.http.http3.backup_timer_delay": NEVER_MS,
    "network.http.happy_eyeballs_connection_attempt_delay": NEVER_MS,
  };
}
