/** A million messages that no client sends, against the SSH handler. */
import { ok, strictEqual } from "node:assert/strict";

import { exec, RawClient, SshLab, text } from "../../handlers/ssh/testdata/support.ts";
import { Message, message } from "../../handlers/ssh/wire/message.ts";
import { SshWriter } from "../../handlers/ssh/wire/ssh_writer.ts";

const MESSAGES = 1_000_000;
const PER_CONNECTION = 100;
/** The second half may cost fragmentation, not what was sent. */
const MAX_GROWTH_BYTES = 100_000_000;

/** Numbers that are the same in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Messages a client may send once it is logged in, to be spoilt. */
function seeds(): Uint8Array[] {
  const request = (type: string, data: Uint8Array): Uint8Array =>
    message(Message.ChannelRequest).uint32(0).string(type).boolean(true).raw(data).finish();
  const pty = new SshWriter().string("xterm").uint32(80).uint32(24).uint32(0).uint32(0).string(
    "\0",
  );
  const address = new SshWriter().string("127.0.0.1").uint32(1).string("::1").uint32(2).finish();
  return [
    message(Message.ChannelOpen).string("session").uint32(0).uint32(9).uint32(32_768).finish(),
    message(Message.ChannelOpen).string("direct-tcpip").uint32(1).uint32(9).uint32(99).raw(address)
      .finish(),
    request("pty-req", pty.finish()),
    request("env", new SshWriter().string("LANG").string("C").finish()),
    request("exec", text("true")),
    request("subsystem", text("sftp")),
    request("signal", text("TERM")),
    message(Message.ChannelData).uint32(0).string("data").finish(),
    message(Message.ChannelExtendedData).uint32(0).uint32(1).string("data").finish(),
    message(Message.ChannelWindowAdjust).uint32(0).uint32(100).finish(),
    message(Message.ChannelEof).uint32(0).finish(),
    message(Message.ChannelClose).uint32(0).finish(),
    message(Message.GlobalRequest).string("tcpip-forward").boolean(true).string("localhost")
      .uint32(0).finish(),
    message(Message.RequestSuccess).finish(),
    message(Message.UserauthRequest).string("a").string("ssh-connection").string("none").finish(),
    message(Message.Ignore).string("x").finish(),
    message(Message.KexInit).raw(new Uint8Array(40)).finish(),
  ];
}

function spoilt(seed: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = new Uint8Array(
    seed.subarray(0, random(8) === 0 ? 1 + random(seed.length) : seed.length),
  );
  for (let changes = random(3); changes > 0; changes--) bytes[random(bytes.length)] = random(256);
  return bytes;
}

Deno.test("a million spoilt messages leave the handler as it was", async () => {
  const random = randomNumbers(1);
  const all = seeds();
  await using lab = await SshLab.start({ scopes: ["ssh:exec:none", "ssh:forward"] });
  const round = async (): Promise<void> => {
    await using raw = new RawClient(await lab.dial());
    await raw.logIn(lab.alice);
    for (let sent = 0; sent < PER_CONNECTION; sent++) {
      raw.transport.send(spoilt(all[random(all.length)] ?? text(""), random));
    }
    await raw.transport.drained();
  };
  const half = async (): Promise<number> => {
    for (let sent = 0; sent < MESSAGES / 2; sent += PER_CONNECTION) {
      await round();
      if (sent % 20_000 === 0) await lab.idle();
    }
    await lab.idle();
    lab.events.length = 0;
    return Deno.memoryUsage().rss;
  };
  const before = await half();
  const grown = await half() - before;
  strictEqual(lab.handler.sessions().length, 0);
  ok(grown < MAX_GROWTH_BYTES, `grew by ${grown} bytes`);
  await using client = await lab.connect();
  lab.change({ scopes: ["ssh:exec"] });
  strictEqual((await exec(client, "echo fine")).out, "fine\n");
});
