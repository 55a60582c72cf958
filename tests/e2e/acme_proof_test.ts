/** How names are proven to an ACME server, and that nothing else proves them. */
import { match, strictEqual } from "node:assert/strict";

import { type NamedCertificates, nodeServerName } from "@alknet/core";

import { freePort } from "../tools/free_port.ts";
import { ALPN, OpenChallenges } from "../../handlers/acme/challenges.ts";
import { until } from "../core/support.ts";
import { missing, testOrSkip } from "../tools/skip.ts";
import { changed, NAME, openAcme, shown, startNode } from "./support/acme.ts";
import { runProgram } from "./support/cli.ts";
import { noPebble, startPebble } from "./support/pebble.ts";

const NOWHERE = { hostname: "127.0.0.1", port: 0 };
const TOKEN = "a".repeat(43);
const SOON = { retryFirstMs: 200, retryMaxMs: 200 };
const LATER = { retryFirstMs: 60_000, retryMaxMs: 60_000 };

testOrSkip(
  "where nobody answers one kind of proof, the other is tried next",
  noPebble(),
  async () => {
    const httpPort = freePort();
    await using pebble = await startPebble({ httpPort });
    await using acme = await openAcme(pebble, {
      types: ["tls-alpn-01", "http-01"],
      httpAddress: { hostname: "127.0.0.1", port: httpPort },
      schedule: SOON,
    });
    acme.start();
    await until(() => acme.status.failures === 1);
    match(acme.status.problem ?? "", /Cannot prove "node\.example" by tls-alpn-01: /);
    await changed(acme);
    strictEqual(acme.status.failures, 0);
  },
);

testOrSkip("a wrong proof is refused, over TLS and over HTTP", noPebble(), async () => {
  for (const type of ["tls-alpn-01", "http-01"] as const) {
    const port = freePort();
    await using pebble = await startPebble({ tlsPort: port, httpPort: port });
    // Somebody else answers where the authority asks, with a proof made by another account.
    const others = new OpenChallenges({ hostname: "127.0.0.1", port });
    const answer = { type, name: NAME, token: TOKEN, keyAuthorization: `${TOKEN}.another` };
    using _open = await others.open(answer);
    await using _other = type === "http-01"
      ? undefined
      : await startNode({ port, named: withRaw(others) });
    await using acme = await openAcme(pebble, {
      types: [type],
      httpAddress: NOWHERE,
      schedule: LATER,
    });
    acme.start();
    await until(() => acme.status.failures === 1, 15_000);
    match(acme.status.problem ?? "", /unauthorized/);
    strictEqual(acme.leaf, undefined);
  }
});

testOrSkip(
  "while a name is being proven, everybody else gets what they always get",
  missing("openssl"),
  async () => {
    const challenges = new OpenChallenges(NOWHERE);
    await using node = await startNode({ named: withRaw(challenges) });
    const { port } = node.addr;
    const before = await shown(port);
    {
      const proof = { name: NAME, token: TOKEN, keyAuthorization: `${TOKEN}.thumbprint` };
      using _open = await challenges.open({ type: "tls-alpn-01", ...proof });
      strictEqual(await shown(port), before);
      strictEqual(await shown(port, nodeServerName(node.key.publicKey)), before);
      for (const group of ["X25519", "P-256"]) {
        const asked = await openssl(port, "-alpn", ALPN, "-servername", NAME, "-groups", group);
        match(asked, /ALPN protocol: acme-tls\/1/);
        match(asked, /1\.3\.6\.1\.5\.5\.7\.1\.31: critical/);
        match(asked, /DNS:node\.example/);
      }
      strictEqual(node.counters.handshakeFailed, 0);
      for (const args of [["-servername", "other.example"], ["-noservername"]]) {
        match(await openssl(port, "-alpn", ALPN, ...args), /no application protocol/);
      }
      const tls12 = await openssl(port, "-alpn", ALPN, "-servername", NAME, "-tls1_2");
      match(tls12, /handshake failure/);
    }
    match(await openssl(port, "-alpn", ALPN, "-servername", NAME), /no application protocol/);
  },
);

testOrSkip(
  "an account is bound to the one the authority asks for, and to no other",
  noPebble(),
  async () => {
    const [port, macKey] = [freePort(), crypto.getRandomValues(new Uint8Array(48))];
    const macKeys = { "kid-1": macKey.toBase64({ alphabet: "base64url", omitPadding: true }) };
    await using pebble = await startPebble({ tlsPort: port, macKeys });
    const bad = [undefined, { keyId: "kid-1", macKey: new Uint8Array(48) }];
    for (const externalAccount of bad) {
      await using acme = await openAcme(pebble, { externalAccount, schedule: LATER });
      acme.start();
      await until(() => acme.status.failures === 1);
      match(acme.status.problem ?? "", /Cannot open an account: /);
    }
    await using acme = await openAcme(pebble, { externalAccount: { keyId: "kid-1", macKey } });
    await using _node = await startNode({ port, named: acme });
    acme.start();
    await changed(acme);
  },
);

/** Certificates of which there are none yet. */
function withRaw(raw: OpenChallenges): NamedCertificates {
  return { raw, leaf: undefined, names: [], leafFor: () => undefined, onChange: () => () => {} };
}

/** All that openssl says of a handshake, and of the certificate it was shown. */
async function openssl(port: number, ...args: readonly string[]): Promise<string> {
  const connect = ["s_client", "-connect", `127.0.0.1:${port}`, ...args];
  const { out, err } = await runProgram("openssl", connect);
  if (!out.includes("BEGIN CERTIFICATE")) return out + err;
  const text = await runProgram("openssl", ["x509", "-noout", "-text"], { stdin: out });
  return out + err + text.out;
}
