/** Sites before an nginx. */
import { match, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { missing, testOrSkip } from "../../../tests/tools/skip.ts";
import { startNginx } from "../testdata/nginx.ts";
import { node, proxied } from "../testdata/site_node.ts";

/** A server that says at /up how it is, and at / who. */
const DIRECTIVES = `
  location = /up { if (-f $document_root/down) { return 503; } return 204; }
  location / { return 200 "$server_port"; }`;

const healthCheck = { path: "/up", intervalMs: 20, failures: 2, successes: 2 };

testOrSkip(
  "an nginx that says it is unwell, or is gone, gets no requests until it is back",
  missing("nginx"),
  async () => {
    await using a = await startNginx(DIRECTIVES);
    const b = await startNginx(DIRECTIVES);
    const [atA, atB] = [a.origin, b.origin].map((origin) => origin.split(":").at(-1));
    await using front = await node([proxied([a.origin, b.origin], { healthCheck })]);
    /** Asks until the last answers in a row are these, in whatever order. */
    const answers = async (...wanted: (string | undefined)[]): Promise<void> => {
      for (let last: string[] = [];;) {
        const response = await front.ask("/");
        const text = await response.text();
        last = [...last, response.ok ? text : `${response.status}`].slice(-4);
        if (last.length === 4 && wanted.length === new Set(last).size) {
          if (last.every((each) => wanted.includes(each))) return;
        }
      }
    };
    await answers(atA, atB);
    await Deno.writeTextFile(join(a.root, "down"), "");
    await answers(atB);
    await b[Symbol.asyncDispose]();
    await answers("502");
    await Deno.remove(join(a.root, "down"));
    await answers(atA);
  },
);

testOrSkip(
  "nobody climbs out of a site's path into what else its nginx has",
  missing("nginx"),
  async () => {
    // nginx reads %2f as a slash, so that a request that lay below /public here was for /private
    // there: whoever shows a part of a server showed all of it.
    await using behind = await startNginx("");
    for (const name of ["public", "private"]) {
      await Deno.mkdir(join(behind.root, name));
      await Deno.writeTextFile(join(behind.root, name, "page"), name);
    }
    strictEqual(await (await fetch(`${behind.origin}/public/..%2fprivate/page`)).text(), "private");
    await using front = await node([{ path: "/public", ...proxied([behind.origin]) }]);
    strictEqual(await (await front.ask("/public/page")).text(), "public");
    for (const way of ["..%2fprivate/page", "..%2Fprivate%2fpage", "x/..%2f..%2fprivate/page"]) {
      const end = "HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
      match(await front.raw(`GET /public/${way} ${end}`), / 404 /, way);
    }
  },
);
