import { type Identity, joinIdentities, NOBODY } from "@alknet/core";
import { dashboard, type HttpInfo } from "@alknet/http";
import { strictEqual } from "node:assert/strict";

import { newToken } from "../new_token.ts";
import { operatedNode } from "../testdata/operated_node.ts";
import { dashboardLink } from "./dashboard.ts";

const REMOTE = { hostname: "127.0.0.1", port: 1 };
const INFO: HttpInfo = {
  remoteAddr: REMOTE,
  alpn: "h2",
  transport: "tls",
  auth: { alpn: "h2", remoteAddr: REMOTE },
  identities: NOBODY,
};

// Whoever had stolen a token and signed in with it stayed in when its owner replaced it: the session
// asked for whoever has the token's name, and there was somebody at each moment.
Deno.test("a token that is replaced under its name ends the sessions of the old one", async () => {
  await using node = await operatedNode();
  const identities = joinIdentities([NOBODY, node.store.identities]);
  const pages = dashboard({ operations: node.registry });
  node.registry.register(dashboardLink(pages, identities, { ownHosts: [], isOwnHost: () => true }));
  using _follow = { [Symbol.dispose]: identities.onChange(() => pages.endRevoked()) };
  const replaced = async (): Promise<Identity | undefined> => {
    const { token, entry } = newToken({ name: "ci", scopes: ["dashboard:open"] });
    await node.store.identities.putToken(entry);
    return identities.fromToken(token);
  };
  const linked = async (who: Identity | undefined): Promise<string> =>
    String(Reflect.get(Object(await node.call("dashboard/link", {}, who)), "path"));
  const answer = (path: string, cookie = ""): Promise<Response | undefined> =>
    pages.fetch(new Request(`https://node.example${path}`, { headers: { cookie } }), INFO);

  const first = await replaced();
  const unopened = await linked(first);
  const cookie = (await answer(await linked(first)))?.headers.get("set-cookie")?.split(";")[0];
  strictEqual((await answer("/", cookie))?.status, 200);

  const second = await replaced();
  strictEqual(await answer("/", cookie), undefined);
  strictEqual((await answer(unopened))?.headers.get("set-cookie") ?? null, null);
  strictEqual((await answer(await linked(second)))?.status, 303);
});
