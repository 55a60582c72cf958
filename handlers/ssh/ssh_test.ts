import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import type { CommandService } from "@alknet/core";
import { endsWithin } from "@alknet/core/transport";

import { ChannelRefusedError, parseForwardRule, SshAuthError } from "./mod.ts";
import { exec, ptyRequest, readAll, run, SshLab, text } from "./testdata/support.ts";
import { SshWriter } from "./wire/ssh_writer.ts";

Deno.test("ssh() runs commands and tells how they ended", async () => {
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  deepStrictEqual(await exec(client, "echo hello; exit 3"), {
    out: "hello\n",
    code: 3,
    signal: undefined,
  });
  strictEqual((await exec(client, "kill -KILL $$")).signal, "KILL");
  strictEqual((await exec(client, "cat", { stdin: "to and fro" })).out, "to and fro");
});

Deno.test("ssh() gives a terminal with a size that changes", async () => {
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  match((await exec(client, "stty size; tty", { pty: ptyRequest(99, 33) })).out, /^33 99\r\n\/dev/);
  const channel = await client.multiplexer.open("session");
  ok(await channel.ask("pty-req", ptyRequest(80, 24)));
  ok(
    await channel.ask(
      "exec",
      text("trap 'stty size; exit' WINCH; echo ready; while :; do read x; done"),
    ),
  );
  const buffer = new Uint8Array(1_000);
  await channel.read(buffer);
  ok(
    await channel.ask(
      "window-change",
      new SshWriter().uint32(70).uint32(20).uint32(0).uint32(0).finish(),
    ),
  );
  await channel.write(new TextEncoder().encode("\n"));
  match(await readAll(channel), /20 70/);
});

Deno.test("ssh() gives the programs' environment nothing of the node's", async () => {
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  Deno.env.set("ALKNET_TEST_SECRET", "leaked");
  const channel = await client.multiplexer.open("session");
  ok(await channel.ask("env", new SshWriter().string("LC_TEST").string("allowed").finish()));
  strictEqual(
    await channel.ask("env", new SshWriter().string("LD_PRELOAD").string("x").finish()),
    false,
  );
  const { out } = await run(channel, "exec", text("env"));
  Deno.env.delete("ALKNET_TEST_SECRET");
  match(out, /^LC_TEST=allowed$/m);
  match(out, /^SSH_CONNECTION=/m);
  ok(!/leaked|LD_PRELOAD/.test(out), out);
});

Deno.test("ssh() lets scopes decide what may be done, each by itself", async () => {
  await using lab = await SshLab.start({ scopes: ["ssh:exec:echo"] });
  await using client = await lab.connect();
  strictEqual((await exec(client, "echo 'a b' c")).out, "a b c\n");
  await rejects(exec(client, "echo a; id"), /refused/);
  await rejects(exec(client, "id"), /refused/);
  const channel = await client.multiplexer.open("session");
  strictEqual(await channel.ask("shell"), false);
  strictEqual(await channel.ask("subsystem", text("sftp")), false);
  channel.close();
});

Deno.test("ssh() hands subsystems and commands to whoever offers them", async () => {
  await using lab = await SshLab.start({
    scopes: ["ssh:greet"],
    subsystems: new Map([["greet", async (stream, { identity }) => {
      await stream.write(new TextEncoder().encode(`hello ${identity?.id}`));
      await stream.closeWrite();
    }]]),
    commands: [(command) =>
      command.startsWith("git-")
        ? async ({ stream }, { identity }) => {
          await stream.write(new TextEncoder().encode(`${command} for ${identity?.id}`));
          return 9;
        }
        : undefined],
  });
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  strictEqual((await run(channel, "subsystem", text("greet"))).out, "hello alice");
  deepStrictEqual(await exec(client, "git-upload-pack x"), {
    out: "git-upload-pack x for alice",
    code: 9,
    signal: undefined,
  });
});

Deno.test("ssh() runs a key's forced command instead of what is asked for", async () => {
  const forced = { forceCommand: 'echo "forced: $SSH_ORIGINAL_COMMAND"', pty: false };
  await using lab = await SshLab.start({ restrictionsOf: () => forced });
  await using client = await lab.connect();
  strictEqual((await exec(client, "rm -rf /tmp/x")).out, "forced: rm -rf /tmp/x\n");
  await rejects(exec(client, "id", { pty: ptyRequest(80, 24) }), /no pty/);
});

Deno.test("ssh() refuses keys that nobody has, and tells who tried", async () => {
  await using lab = await SshLab.start();
  await rejects(lab.connect({ keys: [lab.stranger] }), SshAuthError);
  await using _client = await lab.connect({ keys: [lab.stranger, lab.alice] });
  deepStrictEqual(lab.events.map(({ kind, peer }) => [kind, peer]), [
    ["auth.ssh-refused", undefined],
    ["auth.ssh-refused", undefined],
    ["ssh.login", "alice"],
  ]);
});

Deno.test("ssh() asks for the second factor that an identity has", async () => {
  const factor = {
    prompts: [{ text: "Code: " }],
    verify: ([code]: readonly string[]) => code === "42",
  };
  await using lab = await SshLab.start({ secondFactorOf: () => factor });
  await rejects(lab.connect(), SshAuthError);
  await rejects(lab.connect({ answer: () => Promise.resolve(["41"]) }), SshAuthError);
  await using client = await lab.connect({
    answer: ([prompt]) => Promise.resolve([prompt?.text === "Code: " ? "42" : ""]),
  });
  strictEqual((await exec(client, "echo in")).out, "in\n");
});

Deno.test("ssh() takes the connection's own proof for a login only where configured", async () => {
  const proven = { id: "laptop", scopes: ["ssh:exec"], resources: {} };
  await using strict = await SshLab.start({ proven });
  await rejects(strict.connect({ keys: [] }), SshAuthError);
  await using lab = await SshLab.start({ proven, acceptPeerProof: true });
  strictEqual(lab.handler.peerAuth, "optional");
  await using client = await lab.connect({ keys: [] });
  strictEqual((await exec(client, "echo proven")).out, "proven\n");
});

Deno.test("ssh() ends the session of a peer that is switched off, with its programs", async () => {
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  ok(await channel.ask("exec", text("echo $$; exec sleep 600")));
  const buffer = new Uint8Array(100);
  const pid = Number(new TextDecoder().decode(buffer.subarray(0, await channel.read(buffer) ?? 0)));
  strictEqual(lab.handler.sessions().length, 1);
  lab.change({ enabled: false });
  await client.ended;
  await rejects(channel.read(buffer), /permission withdrawn|closed/);
  await gone(pid);
  strictEqual(lab.handler.sessions().length, 0);
  strictEqual(lab.events.at(-1)?.reason, "permission withdrawn");
});

Deno.test("ssh() ends sessions by their number", async () => {
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  const [session] = lab.handler.sessions();
  strictEqual(session?.peer, "alice");
  strictEqual(lab.handler.end("999"), false);
  ok(lab.handler.end(session?.id ?? ""));
  await client.ended;
});

Deno.test("ssh() runs a subsystem's commands for who may use it and not the program", async () => {
  const subsystemCommands = new Map<string, CommandService>([
    ["sftp", (line) =>
      /^(md5sum|echo)\b/.test(line)
        ? async ({ stream }) => {
          await stream.write(new TextEncoder().encode("of the subsystem\n"));
          return 5;
        }
        : undefined],
  ]);
  const ran = async (...scopes: readonly string[]): Promise<string> => {
    await using lab = await SshLab.start({ scopes, subsystemCommands });
    await using client = await lab.connect();
    return await exec(client, "echo real").then(
      ({ out, code }) => `${code} ${out}`,
      () => "refused",
    );
  };
  strictEqual(await ran("ssh:sftp"), "5 of the subsystem\n");
  strictEqual(await ran("ssh:sftp", "ssh:exec"), "0 real\n");
  strictEqual(await ran("ssh:sftp", "ssh:exec:echo"), "0 real\n");
  strictEqual(await ran("ssh:sftp", "ssh:exec:md5sum"), "5 of the subsystem\n");
  strictEqual(await ran("ssh:shell"), "refused");
});

Deno.test("ssh() forwards only where rules and scopes both allow it", async () => {
  using echo = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = echo.addr;
  const served = (async () => {
    for await (const socket of echo) await socket.readable.pipeTo(socket.writable);
  })();
  const forwardRules = [parseForwardRule(`allow 127.0.0.0/8:${port} for alice`)];
  await using lab = await SshLab.start({ forwardRules, scopes: [`ssh:forward:localhost/${port}`] });
  await using client = await lab.connect();
  const open = (host: string, to: number) =>
    client.multiplexer.open(
      "direct-tcpip",
      new SshWriter().string(host).uint32(to).string("127.0.0.1").uint32(1).finish(),
    );
  const channel = await open("localhost", port);
  await channel.write(new TextEncoder().encode("there and back"));
  await channel.closeWrite();
  strictEqual(await readAll(channel), "there and back");
  // Ended both ways, a channel stayed open: ssh -W hung, and after 128 of them none was opened.
  ok(await endsWithin(channel.closed, 10_000));
  deepStrictEqual(lab.handler.sessions()[0]?.channels, []);
  await rejects(open("127.0.0.1", port), ChannelRefusedError); // no such scope
  await rejects(open("localhost", 1), ChannelRefusedError); // no such rule
  echo.close();
  await served.catch(() => {});
});

Deno.test("ssh() listens for a client, and carries what comes there", async () => {
  const listenRules = [parseForwardRule("allow 127.0.0.1:1024-65535")];
  await using lab = await SshLab.start({ listenRules });
  const offered = Promise.withResolvers<string>();
  await using client = await lab.connect({
    hooks: {
      onChannel: (offer) => readAll(offer.accept()).then(offered.resolve),
    },
  });
  const { multiplexer } = client;
  const refused = await multiplexer.ask(
    "tcpip-forward",
    new SshWriter().string("0.0.0.0").uint32(0).finish(),
  );
  strictEqual(refused, false);
  const reply = await multiplexer.ask(
    "tcpip-forward",
    new SshWriter().string("localhost").uint32(0).finish(),
  );
  ok(reply && reply.length === 4);
  const port = new DataView(reply.buffer, reply.byteOffset).getUint32(0);
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  await socket.write(new TextEncoder().encode("inward"));
  socket.closeWrite();
  strictEqual(await offered.promise, "inward");
  socket.close();
  ok(
    await multiplexer.ask(
      "cancel-tcpip-forward",
      new SshWriter().string("localhost").uint32(port).finish(),
    ),
  );
  await rejects(Deno.connect({ hostname: "127.0.0.1", port }), Error);
});

/** Waits until a process has ended. */
async function gone(pid: number): Promise<void> {
  while (await Deno.stat(`/proc/${pid}`).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
