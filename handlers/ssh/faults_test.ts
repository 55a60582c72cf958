/**
 * One test for each fault of ssh2's server (docs/adr/0020). Most cannot happen here by construction,
 * since only its packets are used; these tests keep it that way whatever serves in its place.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { StreamClosedError } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";

import { DEFAULT_TRANSPORT_LIMITS, parseForwardRule } from "./mod.ts";
import { exec, RawClient, readAll, run, SshLab, text } from "./testdata/support.ts";
import { Message, message } from "./wire/message.ts";
import { SshReader } from "./wire/ssh_reader.ts";
import { SshWriter } from "./wire/ssh_writer.ts";

const BULK = "0123456789abcdef".repeat(4_096);

Deno.test("output and errors under a full window both arrive whole", async () => {
  // A program wrote 12 MB to each; the one waiting for the window was never woken, and hung for ever.
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  let errorBytes = 0;
  const receiveError = channel.receiveError.bind(channel);
  channel.receiveError = (bytes) => {
    errorBytes += bytes.length;
    receiveError(bytes);
  };
  const line = "head -c 6000000 /dev/zero & head -c 6000000 /dev/zero >&2; wait; exit 5";
  const { out, code } = await run(channel, "exec", text(line));
  deepStrictEqual([out.length, errorBytes, code], [6_000_000, 6_000_000, 5]);
});

Deno.test("a client that leaves while errors wait for its window harms nobody", async () => {
  // The pending write failed where nobody could catch it, and the whole server process ended.
  await using lab = await SshLab.start();
  const raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  const id = await raw.openSession(1_000);
  const command = text("head -c 600 /dev/zero; yes >&2");
  raw.transport.send(
    message(Message.ChannelRequest).uint32(id).string("exec").boolean(true).raw(command).finish(),
  );
  await raw.waitFor(Message.ChannelData);
  await raw[Symbol.asyncDispose]();
  await using client = await lab.connect();
  strictEqual((await exec(client, "echo alive")).out, "alive\n");
});

Deno.test("ending one direction of a forward leaves the other open", async () => {
  // The end of a stream closed the channel, so that what the other side still sent was lost.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = listener.accept().then(async (socket) => {
    const stream = socketStream(socket);
    const { length } = await readAll(stream); // to its end, and only then the answer
    await stream.write(new TextEncoder().encode(`${length} bytes`));
    await stream.closeWrite();
  });
  await using lab = await SshLab.start({ forwardRules: [parseForwardRule("allow *:*")] });
  await using client = await lab.connect();
  const data = new SshWriter().string("127.0.0.1").uint32(port).string("").uint32(0).finish();
  const channel = await client.multiplexer.open("direct-tcpip", data);
  await channel.write(new TextEncoder().encode(BULK.repeat(64)));
  await channel.closeWrite();
  strictEqual(await readAll(channel), `${BULK.length * 64} bytes`);
  await serving;
});

Deno.test("a client with a huge window that reads nothing is held back", async () => {
  // The server wrote on while its socket took nothing, and grew by 70 MB a second.
  await using lab = await SshLab.start();
  await using raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  const id = await raw.openSession(2 ** 31);
  raw.pause();
  const progress = await Deno.makeTempFile();
  const line = `for i in $(seq 300); do head -c 65536 /dev/zero; echo $i >${progress}; done`;
  raw.transport.send(
    message(Message.ChannelRequest).uint32(id).string("exec").boolean(false).raw(text(line))
      .finish(),
  );
  const rounds = await settled(async () => Number(await Deno.readTextFile(progress)));
  ok(rounds * 65_536 < 4_000_000, `${rounds} rounds were taken`);
  raw.resume();
  await raw.waitFor(Message.ChannelClose);
  await Deno.remove(progress);
});

Deno.test("a signature that is not right lets nobody in", async () => {
  // Accepting a key did not look at its signature: that was left to the application.
  await using lab = await SshLab.start();
  const forged = { ...lab.alice, sign: (bytes: Uint8Array) => lab.stranger.sign(bytes) };
  await rejects(lab.connect({ keys: [forged] }), /accepts none/);
  const other = { ...lab.alice, sign: async () => await lab.alice.sign(new Uint8Array(100)) };
  await rejects(lab.connect({ keys: [other] }), /accepts none/);
  for (const length of [0, 3, 10_000]) {
    const broken = { ...lab.alice, sign: () => new Uint8Array(length) };
    await rejects(lab.connect({ keys: [broken] }), /accepts none/);
  }
});

Deno.test("a query is answered with the algorithm that was asked for", async () => {
  // "ssh-rsa" came back for "rsa-sha2-256", and dropbear then signed with SHA-1.
  await using lab = await SshLab.start();
  await using raw = new RawClient(await lab.dial());
  await raw.transport.ready;
  raw.transport.send(message(Message.ServiceRequest).string("ssh-userauth").finish());
  raw.transport.send(
    message(Message.UserauthRequest).string("alice").string("ssh-connection").string("publickey")
      .boolean(false).string("ssh-ed25519").string(lab.alice.blob).finish(),
  );
  const reader = new SshReader(await raw.waitFor(Message.UserauthPkOk), 1);
  strictEqual(reader.text(), "ssh-ed25519");
  deepStrictEqual(new Uint8Array(reader.bytes()), lab.alice.blob);
});

Deno.test("server-sig-algs offers no SHA-1, and has every name whole", async () => {
  // It named ssh-rsa and ssh-dss, and for want of a comma "ecdsa-sha2-nistp521rsa-sha2-512".
  await using lab = await SshLab.start();
  await using raw = new RawClient(await lab.dial());
  const reader = new SshReader(await raw.waitFor(Message.ExtInfo), 1);
  strictEqual(reader.uint32(), 1);
  strictEqual(reader.text(), "server-sig-algs");
  const names = reader.text().split(",");
  ok(names.includes("rsa-sha2-512") && names.includes("sk-ssh-ed25519@openssh.com"));
  ok(!names.includes("ssh-rsa") && !names.includes("ssh-dss"));
});

Deno.test("keys are changed by volume, without being asked to", async () => {
  // They never were: after 2^32 packets numbers, and with them nonces, would have come round.
  const limits = { rekeyBytes: 200_000, rekeyPackets: 2 ** 31, rekeyMs: 3_600_000 };
  await using lab = await SshLab.start({
    transportLimits: { ...DEFAULT_TRANSPORT_LIMITS, ...limits },
  });
  await using client = await lab.connect();
  strictEqual((await exec(client, "head -c 3000000 /dev/zero")).out.length, 3_000_000);
  strictEqual(
    (await exec(client, "cat | wc -c", { stdin: BULK.repeat(20) })).out.trim(),
    String(BULK.length * 20),
  );
});

Deno.test("keys are changed by the number of packets and by time as well", async () => {
  for (const limits of [{ rekeyPackets: 30 }, { rekeyMs: 1 }]) {
    await using lab = await SshLab.start({ transportLimits: limits });
    await using client = await lab.connect();
    for (let round = 0; round < 5; round++) {
      strictEqual((await exec(client, "echo on")).out, "on\n");
    }
  }
});

Deno.test("a request after the end of input is still heard", async () => {
  // Signals and changes of the size were refused once the client had ended its input.
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  ok(
    await channel.ask(
      "exec",
      text("trap 'echo caught; exit 4' USR1; echo ready; while :; do sleep 0.05; done"),
    ),
  );
  await channel.closeWrite();
  await channel.read(new Uint8Array(10));
  ok(await channel.ask("signal", text("USR1")));
  strictEqual(await readAll(channel), "caught\n");
});

Deno.test("an identification line may come in any number of pieces", async () => {
  // Of one that came in three, the middle was forgotten.
  await using lab = await SshLab.start();
  const stream = await lab.dial();
  for (const byte of new TextEncoder().encode("SSH-2.0-slow\r\n")) {
    await stream.write(new Uint8Array([byte]));
  }
  const buffer = new Uint8Array(2_000);
  let seen = 0;
  while (seen < 300) seen += await stream.read(buffer) ?? 300; // its line, then its offer of keys
  stream.reset();
});

/** Waits until a number that grows stays the same for a while. */
async function settled(read: () => Promise<number>): Promise<number> {
  for (let before = 0;;) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await read();
    if (now > 0 && now === before) return now;
    before = now;
  }
}

Deno.test("a write to a channel that is closed fails, also one that waits for its window", async () => {
  // Its callback was never called, and whatever was piped into it hung for ever.
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  ok(await channel.ask("exec", text("sleep 600"))); // reads nothing: the window fills
  const waiting = channel.write(new Uint8Array(8_000_000));
  const failed = rejects(waiting, StreamClosedError);
  strictEqual(await Promise.race([waiting, tick()]), "tick");
  channel.close();
  await failed;
  await rejects(channel.write(new Uint8Array(1)), StreamClosedError);
});

Deno.test("errors that are written last are there before the end", async () => {
  // What waited for the window on standard error was lost when the channel ended.
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  for (let round = 0; round < 5; round++) {
    const channel = await client.multiplexer.open("session");
    let errors = 0;
    const receiveError = channel.receiveError.bind(channel);
    channel.receiveError = (bytes) => {
      errors += bytes.length;
      receiveError(bytes);
    };
    await run(channel, "exec", text("head -c 3000000 /dev/zero >&2"));
    strictEqual(errors, 3_000_000);
  }
});

/** The next turn of the event loop. */
async function tick(): Promise<"tick"> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return "tick";
}
