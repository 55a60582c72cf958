/**
 * The story of a node that gets certificates from an ACME server: Debian's pebble, made by those of
 * Let's Encrypt to find the faults of clients.
 */
import { ok, strictEqual } from "node:assert/strict";

import { AcmeCertificates, type AcmeOptions } from "@alknet/acme";
import { type Endpoint, type Handler, serve } from "@alknet/core";

import { missing, testOrSkip } from "../tools/skip.ts";
import { Machine } from "./support/cli.ts";
import { freePort, noPebble, type Pebble, startPebble } from "./support/pebble.ts";

const NAME = "node.example";

testOrSkip("a certificate is issued by tls-alpn-01", noPebble(), async () => {
  const port = freePort();
  await using pebble = await startPebble({ tlsPort: port });
  await using acme = await open(pebble);
  await using node = await start(acme, port);
  const t = setInterval(() => console.log(acme.status, node.counters), 3000);
  const issued = changed(acme);
  acme.start();
  await issued;
  clearInterval(t);
  strictEqual(acme.status.failures, 0);
  ok(acme.names.includes(NAME));
});

testOrSkip("a certificate is issued by http-01", noPebble(), async () => {
  const port = freePort();
  await using pebble = await startPebble({ httpPort: port });
  await using acme = await open(pebble, {
    types: ["http-01"],
    httpAddress: { hostname: "127.0.0.1", port },
  });
  await using _node = await start(acme, 0);
  const issued = changed(acme);
  acme.start();
  await issued;
  strictEqual(acme.status.failures, 0);
  ok(acme.names.includes(NAME));
});

const hello: Handler = {
  name: "hello",
  alpn: ["test/hello"],
  accept: (conn) => conn.closed.then(() => {}),
};

function start(acme: AcmeCertificates, port: number): Promise<Endpoint> {
  return serve({
    handlers: [hello],
    listen: [{ hostname: "127.0.0.1", port, named: acme }],
  });
}

async function open(pebble: Pebble, options: Partial<AcmeOptions> = {}): Promise<AcmeCertificates> {
  const files = new Map<string, string>();
  return await AcmeCertificates.open({
    names: [NAME],
    termsAgreed: true,
    directoryUrl: pebble.directoryUrl,
    caCerts: [pebble.caCert],
    storage: {
      read: (file) => Promise.resolve(files.get(file)),
      write: (file, text) => Promise.resolve(void files.set(file, text)),
    },
    ...options,
  });
}

function changed(acme: AcmeCertificates): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const forget = acme.onChange(() => {
    forget();
    resolve();
  });
  return promise;
}

testOrSkip(
  "a node gets its certificate, and curl takes it",
  noPebble() ?? missing("curl"),
  async () => {
    const httpPort = freePort();
    await using pebble = await startPebble({ httpPort });
    await using machine = await Machine.fresh();
    await machine.write(
      "alknet.toml",
      `[acme]
names = ["${NAME}"]
terms_agreed = true
directory = "${pebble.directoryUrl}"
ca_file = "${pebble.caFile}"
challenges = ["http-01"]
http_address = "127.0.0.1:${httpPort}"
`,
    );
    await using node = await machine.serve();
    console.log(await machine.json("status"), (await machine.alknet("status")).out, node.log);
  },
);
