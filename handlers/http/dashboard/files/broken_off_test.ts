/** Uploads over real connections, through the splice to Deno's server, that end before their end. */
import { connect as connectHttp2 } from "node:http2";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";

import { trustAnchor } from "@alknet/core";
import { OperationRegistry } from "@alknet/operations";

import { webApp } from "../../mod.ts";
import { startNode } from "../../testdata/node.ts";
import { MapFiles } from "../../testdata/offered_files.ts";
import { People } from "../../testdata/web.ts";
import { dashboard } from "../dashboard.ts";

const LENGTH = 1_000_000;

/** A node with a dashboard, somebody signed in, and what an upload of that one is asked with. */
async function stage() {
  await using started = new AsyncDisposableStack();
  const files = new MapFiles();
  const people = new People();
  people.add("ada", "*");
  const operations = new OperationRegistry();
  const pages = dashboard({ operations, files: () => Promise.resolve(files) });
  const app = webApp({ pages: [(request, info) => pages.fetch(request, info)] });
  const node = started.use(await startNode({ app }, { identities: people }));
  const link = node.url + pages.link(() => people.withId("ada"));
  const signedIn = await fetch(link, { client: node.client, redirect: "manual" });
  await signedIn.body?.cancel();
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await fetch(`${node.url}/ui/files`, { client: node.client, headers: { cookie } });
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? "";
  const headers = { cookie, "x-csrf-token": csrf, "content-length": `${LENGTH}` };
  const idle = people.listeners;
  const all = started.move();
  return {
    files,
    node,
    headers,
    /** Whether an upload is under way. */
    isBusy: () => people.listeners > idle,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("an upload over HTTP/1.1 whose connection ends leaves nothing", async () => {
  await using on = await stage();
  const { port, endpoint } = on.node;
  const caCerts = [trustAnchor(endpoint.key.publicKey)];
  const alpnProtocols = ["http/1.1"];
  const conn = await Deno.connectTls({ hostname: "localhost", port, caCerts, alpnProtocols });
  const fields = Object.entries(on.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `PUT /ui/files/upload?path=/&name=a HTTP/1.1\r\nhost: localhost:${port}\r\n`;
  await conn.write(new TextEncoder().encode(`${head}${fields.join("")}\r\nfive!`));
  await until(on.isBusy);
  conn.close();
  await until(() => !on.isBusy());
  deepStrictEqual([...on.files.all.keys()], ["/"]);
});

Deno.test("an upload over HTTP/2 that is reset leaves nothing, and a whole one arrives", async () => {
  await using on = await stage();
  const ca = await Deno.readTextFile(on.node.caFile);
  const session = connectHttp2(on.node.url, { ca });
  const path = "/ui/files/upload?path=/&name=a";
  const put = () => session.request({ ":method": "PUT", ":path": path, ...on.headers });
  const broken = put();
  broken.on("error", () => {});
  broken.write("five!");
  await until(on.isBusy);
  broken.destroy();
  await until(() => !on.isBusy());
  deepStrictEqual([...on.files.all.keys()], ["/"]);

  const whole = put();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  whole.on("response", (headers) => resolve(headers[":status"]));
  whole.resume();
  whole.end(new Uint8Array(LENGTH));
  strictEqual(await promise, 201);
  strictEqual(on.files.all.get("/a")?.length, LENGTH);
  const { promise: closed, resolve: isClosed } = Promise.withResolvers<void>();
  session.close(() => isClosed());
  await closed;
  ok(!on.isBusy());
});
