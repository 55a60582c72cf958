/** What nobody uses ends, where the node's owner wants that; and a text before the login. */
import { ok, rejects, strictEqual, throws } from "node:assert/strict";

import { openTcp, parseForwardRule, ssh, SshOptionError } from "./mod.ts";
import { exec, readAll, SshLab, text } from "./testdata/support.ts";
import { ed25519HostKey } from "./engine/host_key_adapter.ts";

const IDLE_MS = 100;

Deno.test("sessionIdleMs: a command in which nothing passes ends, with its program", async () => {
  await using lab = await SshLab.start({ limits: { sessionIdleMs: IDLE_MS } });
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  ok(await channel.ask("exec", text("echo $$; exec sleep 600")));
  const pid = Number(await readAll(channel));
  await channel.closed;
  while (await Deno.stat(`/proc/${pid}`).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  strictEqual(lab.handler.sessions().length, 1); // the connection is there
});

Deno.test("sessionIdleMs: a command that says something now and then goes on", async () => {
  await using lab = await SshLab.start({ limits: { sessionIdleMs: 2_000 } });
  await using client = await lab.connect();
  const command = "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.4; done";
  strictEqual((await exec(client, command)).code, 0);
});

Deno.test("forwardIdleMs: a forwarded connection in which nothing passes is closed", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  await using lab = await SshLab.start({
    forwardRules: [parseForwardRule("allow *:*")],
    limits: { forwardIdleMs: IDLE_MS },
  });
  await using client = await lab.connect();
  const stream = await openTcp(client, { hostname: "127.0.0.1", port: listener.addr.port });
  const socket = await accepted;
  strictEqual(await stream.read(new Uint8Array(10)), null);
  strictEqual(await socket.read(new Uint8Array(10)).catch(() => null), null);
  socket.close();
  strictEqual((await exec(client, "sleep 0.3; echo session")).out, "session\n"); // has no limit
});

Deno.test("unusedMs: a connection in which nothing is open ends, and no other", async () => {
  await using lab = await SshLab.start({ limits: { unusedMs: IDLE_MS } });
  await using client = await lab.connect();
  strictEqual((await exec(client, "sleep 0.5; echo still here")).out, "still here\n");
  await client.ended;
  await lab.idle();
  strictEqual(lab.events.at(-1)?.reason, "nothing was open for too long");
});

Deno.test("banner: everybody is shown it before the login, once", async () => {
  await using lab = await SshLab.start({ banner: "Members only.\nGo away." });
  const shown: string[] = [];
  const onBanner = (banner: string): void => {
    shown.push(banner);
  };
  await rejects(lab.connect({ keys: [lab.stranger, lab.stranger], onBanner }));
  strictEqual(shown.join("|"), "Members only.\nGo away.\n");
  await using client = await lab.connect({ onBanner });
  strictEqual((await exec(client, "true")).code, 0);
  strictEqual(shown.length, 2);
});

Deno.test("banner: what would be a terminal's commands is refused", () => {
  const hostKey = ed25519HostKey(new Uint8Array(32).fill(1));
  for (const banner of ["\x1b]0;title\x07", "a\rb", "ü".repeat(8_193)]) {
    throws(() => ssh({ hostKey, banner }), SshOptionError);
  }
});
