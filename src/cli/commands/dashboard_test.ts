import { strictEqual, throws } from "node:assert/strict";

import { urlOf } from "./dashboard.ts";

const HERE = { hostname: "192.0.2.1", port: 4433 };
const PATH = "/login/abc";

Deno.test("a link leads to where the node was reached, or where its dashboard is instead", () => {
  strictEqual(urlOf({ path: PATH }, HERE), "https://192.0.2.1:4433/login/abc");
  strictEqual(urlOf({ path: PATH }, { hostname: "::1", port: 1 }), "https://[::1]:1/login/abc");
  const both = { path: PATH, hosts: ["admin.example", "192.0.2.1"] };
  strictEqual(urlOf(both, HERE), "https://192.0.2.1:4433/login/abc");
  const named = { path: PATH, hosts: ["admin.example"] };
  strictEqual(urlOf(named, HERE), "https://admin.example:4433/login/abc");
  strictEqual(
    urlOf({ ...named, origin: "https://admin.example" }, HERE),
    "https://admin.example/login/abc",
  );
});

Deno.test("a node cannot answer with a link that leads anywhere else", () => {
  const bad = [
    null,
    "x",
    {},
    { path: "/other" },
    { path: `${PATH}/../x` },
    { path: PATH, hosts: "x" },
    { path: PATH, hosts: ["a/b"] },
    { path: PATH, hosts: ["user@evil.example"] },
    { path: PATH, origin: "http://evil.example" },
    { path: PATH, origin: "https://evil.example/x" },
  ];
  for (const answer of bad) throws(() => urlOf(answer, HERE), /no link/, JSON.stringify(answer));
});
