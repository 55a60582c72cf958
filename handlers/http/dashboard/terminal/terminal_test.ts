import { CloseCode } from "@alknet/core";
import { webSocketConnection } from "@alknet/core/transport";
import { deepStrictEqual, doesNotMatch, match, rejects, strictEqual } from "node:assert/strict";

import { ADA, admitted, closed, TerminalLab } from "../../testdata/terminal_lab.ts";

const ABOUT = { alpn: "http/1.1", remoteAddr: { hostname: "127.0.0.1", port: 0 } };

Deno.test("a terminal on a page carries bytes both ways, as whoever is signed in", async () => {
  await using lab = await TerminalLab.start();
  const { path } = await lab.agree({ columns: "100", rows: "30" });
  const socket = lab.dial(path);
  const conn = webSocketConnection(socket, { ...ABOUT, dialled: true });
  const stream = await conn.openStream();
  const much = new Uint8Array(1_000_000).map((_, at) => at % 251); // four windows of grants
  const read = new Response(stream.readable).bytes();
  await stream.write(much);
  await stream.closeWrite();
  deepStrictEqual(await read, much);
  const [opened] = lab.service.opened;
  deepStrictEqual(opened?.request.size, { columns: 100, rows: 30 });
  strictEqual(opened?.request.user, "ada");
  strictEqual(opened?.request.client, "dashboard");
  strictEqual(opened?.ctx.auth.identity, ADA);
  conn.close();
  await conn.closed;
});

Deno.test("a page tells its terminal new sizes, and loses it for other text", async () => {
  await using lab = await TerminalLab.start();
  const { socket, opened } = await lab.open();
  socket.send('{"columns":101,"rows":31}');
  const echoed = new Promise((resolve) => socket.onmessage = resolve);
  socket.send(new Uint8Array([65])); // whatever came before has been taken by the time it is back
  await echoed;
  deepStrictEqual(opened.sizes, [{ columns: 101, rows: 31 }]);
  socket.send('{"columns":0,"rows":31}');
  await closed(socket);
  deepStrictEqual(opened.sizes.length, 1);
});

Deno.test("a terminal's end is told with its reason", async () => {
  await using lab = await TerminalLab.start();
  const { socket, opened } = await lab.open();
  opened.end({ code: CloseCode.Ok, reason: "exit code 3" });
  const { code, reason } = await closed(socket);
  deepStrictEqual([code, reason], [1_000, "exit code 3"]);
  const again = await lab.open();
  again.opened.end({ code: CloseCode.Revoked, reason: "permission withdrawn" });
  strictEqual((await closed(again.socket)).code, 4_000 + CloseCode.Revoked);
});

Deno.test("a page that leaves hangs up", async () => {
  await using lab = await TerminalLab.start();
  const { socket, opened } = await lab.open();
  const left = new Promise((resolve) => opened.ctx.signal.addEventListener("abort", resolve));
  socket.close();
  await left;
});

Deno.test("signing out ends the session's terminals at once", async () => {
  await using lab = await TerminalLab.start();
  const { socket, opened } = await lab.open();
  const end = closed(socket);
  const body = new URLSearchParams({ csrf: lab.csrf });
  await lab.status("/ui/sign-out", { method: "POST", body, redirect: "manual" });
  const { code, reason } = await end;
  deepStrictEqual([code, reason], [4_000 + CloseCode.Revoked, "signed out"]);
  strictEqual(opened.ctx.signal.aborted, true);
  strictEqual(opened.ctx.auth.identity, undefined);
});

Deno.test("a revocation shows in what the terminal is told of its owner, and ends the session", async () => {
  await using lab = await TerminalLab.start();
  const { socket, opened } = await lab.open();
  const end = closed(socket);
  lab.who = undefined;
  strictEqual(opened.ctx.auth.identity, undefined);
  lab.pages.endRevoked();
  strictEqual((await end).code, 4_000 + CloseCode.Revoked);
});

Deno.test("a terminal of a session that is too old belongs to nobody", async () => {
  await using lab = await TerminalLab.start({ limits: { maxAgeMs: 2_000 } });
  const { opened } = await lab.open();
  while (opened.ctx.auth.identity) await new Promise((resolve) => setTimeout(resolve, 50));
});

Deno.test("only a page of this site, signed in, with a form of its own, gets a terminal", async () => {
  await using lab = await TerminalLab.start();
  strictEqual((await lab.agree({ csrf: "guessed" })).status, 403);
  strictEqual((await lab.agree({}, { origin: "https://evil.example" })).status, 403);
  strictEqual((await lab.agree({}, { "sec-fetch-site": "same-site" })).status, 403);
  for (
    const options of [{ origin: "https://evil.example" }, { origin: "" }, { cookie: "a=b" }, {
      origin: "https://localhost:1",
    }]
  ) {
    const { path } = await lab.agree();
    await rejects(admitted(lab.dial(path, options)), /Refused/, JSON.stringify(options));
  }
  await rejects(admitted(lab.dial(`/ui/terminal/${"0".repeat(32)}`)), /Refused/);
  const { path } = await lab.agree();
  strictEqual(await lab.status(path, { headers: { origin: lab.node.url } }), 403);
  strictEqual(lab.service.opened.length, 0);
});

Deno.test("what was agreed on is good once, and for the session that agreed", async () => {
  await using lab = await TerminalLab.start();
  const { path } = await lab.agree();
  await admitted(lab.dial(path));
  await rejects(admitted(lab.dial(path)), /Refused/);

  const other = await lab.agree();
  const cookie = await lab.signIn();
  await rejects(admitted(lab.dial(other.path, { cookie })), /Refused/);
});

Deno.test("names and sizes that were not offered are refused", async () => {
  await using lab = await TerminalLab.start();
  lab.service.answer = { users: ["deploy", "ada"] };
  strictEqual((await lab.agree({ user: "root" })).status, 400);
  for (const columns of ["0", "-1", "1.5", "10001", "x", ""]) {
    strictEqual((await lab.agree({ columns })).status, 400, columns);
  }
  strictEqual((await lab.open({ user: "deploy" })).opened.request.user, "deploy");
});

Deno.test("a session has so many terminals, and gets the place of one that ended", async () => {
  await using lab = await TerminalLab.start({ limits: { maxStreams: 1 } });
  const { socket } = await lab.open();
  const { path } = await lab.agree();
  await rejects(admitted(lab.dial(path)), /Refused/);
  socket.close();
  await closed(socket);
  for (;;) {
    const again = lab.dial((await lab.agree()).path);
    if (await admitted(again).then(() => true, () => false)) break;
  }
});

Deno.test("a terminal that is refused after all closes its socket", async () => {
  await using lab = await TerminalLab.start();
  lab.service.refuses = true;
  const { path } = await lab.agree();
  strictEqual((await closed(lab.dial(path))).code, 4_000 + CloseCode.Limit);
});

Deno.test("where there is no terminal the page says why, and what to do", async () => {
  await using without = await TerminalLab.start({ absent: true });
  match(await without.page(), /not switched on at this node[^]*enabled = \[/);
  strictEqual((await without.agree({ csrf: without.csrf })).status, 403);

  await using lab = await TerminalLab.start();
  for (
    const [refusal, text] of [
      ["off", /offer = \[&quot;shell/],
      ["scope", /lack the scope ssh:shell/],
      ["account", /unix_users = \[&quot;ada:ACCOUNT/],
      ["second-factor", /second factor/],
      ["unavailable", /util-linux/],
      ["limit", /as many terminals as you may/],
    ] as const
  ) {
    lab.service.answer = { refusal };
    match(await lab.page(), text);
    const { status, text: said } = await lab.agree();
    strictEqual(status, refusal === "limit" ? 429 : 403);
    strictEqual(said.length > 20, true);
  }
});

Deno.test("the page is there for whoever may have a shell, where the node has terminals", async () => {
  await using lab = await TerminalLab.start();
  const link = /<a href="\/ui\/terminal"/;
  match(await lab.page("/"), link);
  lab.who = { ...ADA, scopes: ["node:read"] };
  doesNotMatch(await lab.page("/"), link);
  await using none = await TerminalLab.start({ terminals: undefined });
  strictEqual(await none.status("/ui/terminal"), 404);
  doesNotMatch(await none.page("/"), link);
});
