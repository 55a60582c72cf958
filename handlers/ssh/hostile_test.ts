import { match, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { listenPlain, parseForwardRule, recordAsciicast } from "./mod.ts";
import { exec, RawClient, SshLab, text } from "./testdata/support.ts";
import { Message, message } from "./wire/message.ts";
import { SshReader } from "./wire/ssh_reader.ts";
import { SshWriter } from "./wire/ssh_writer.ts";

const encoder = new TextEncoder();
const IDENT = encoder.encode("SSH-2.0-hostile\r\n");

/** What strangers say instead of SSH. */
const GARBAGE: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["another protocol", encoder.encode("GET / HTTP/1.1\r\n\r\n")],
  ["a line without an end", new Uint8Array(300).fill(65)],
  ["zeros", new Uint8Array(1_000)],
  ["SSH 1", encoder.encode("SSH-1.5-old\r\n")],
  ["a packet of no length", concat(IDENT, new Uint8Array(16))],
  ["a packet of 4 GiB", concat(IDENT, new Uint8Array(64).fill(255))],
  [
    "a packet with more padding than bytes",
    concat(IDENT, new Uint8Array([0, 0, 0, 12, 255, ...new Array(11).fill(0)])),
  ],
  [
    "a message instead of a key exchange",
    concat(IDENT, new Uint8Array([0, 0, 0, 12, 10, 50, ...new Array(10).fill(0)])),
  ],
  [
    "a key exchange that is cut off",
    concat(IDENT, new Uint8Array([0, 0, 0, 12, 4, 20, ...new Array(10).fill(9)])),
  ],
];

for (const [what, bytes] of GARBAGE) {
  Deno.test(`a stranger that sends ${what} is turned away, and nobody else notices`, async () => {
    await using lab = await SshLab.start();
    const stream = await lab.dial();
    await stream.write(bytes).catch(() => {});
    const buffer = new Uint8Array(4_096);
    while (await stream.read(buffer).catch(() => null) !== null);
    await using client = await lab.connect();
    strictEqual((await exec(client, "echo fine")).out, "fine\n");
  });
}

Deno.test("any bytes after the identification end the connection or wait for more", async () => {
  await using lab = await SshLab.start();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
      const stream = await lab.dial();
      await stream.write(concat(IDENT, bytes)).catch(() => {});
      await stream.closeWrite().catch(() => {});
      const buffer = new Uint8Array(4_096);
      while (await stream.read(buffer).catch(() => null) !== null);
    }),
    { numRuns: 300 },
  );
  await using client = await lab.connect();
  strictEqual((await exec(client, "echo fine")).out, "fine\n");
});

/** Messages that break the connection protocol, once logged in. */
const BREACHES: readonly (readonly [what: string, make: () => SshWriter[]])[] = [
  [
    "data for a channel that is not there",
    () => [message(Message.ChannelData).uint32(7).string("x")],
  ],
  ["an answer that was not asked for", () => [message(Message.RequestSuccess)]],
  ["a confirmation that was not asked for", () => [
    message(Message.ChannelOpenConfirmation).uint32(0).uint32(0).uint32(1).uint32(1),
  ]],
  ["a message that is cut off", () => [message(Message.ChannelOpen).uint32(100).byte(1)]],
  ["a message of authentication's", () => [message(Message.UserauthInfoResponse).uint32(0)]],
];

for (const [what, make] of BREACHES) {
  Deno.test(`a client that sends ${what} is disconnected`, async () => {
    await using lab = await SshLab.start();
    await using raw = new RawClient(await lab.dial());
    await raw.logIn(lab.alice);
    for (const each of make()) raw.transport.send(each.finish());
    const reader = new SshReader(await raw.waitFor(Message.Disconnect), 1);
    strictEqual(reader.uint32(), 2);
    await raw.ended;
  });
}

Deno.test("a message that nobody knows is answered as RFC 4253 section 11.4 says", async () => {
  await using lab = await SshLab.start();
  await using raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  raw.transport.send(new Uint8Array([192, 1, 2, 3])); // the third packet under these keys
  const reader = new SshReader(await raw.waitFor(Message.Unimplemented), 1);
  strictEqual(reader.uint32(), 2);
  strictEqual(await raw.openSession(100), 0);
});

Deno.test("a client that sends more than its window is disconnected", async () => {
  await using lab = await SshLab.start({ channelLimits: { windowBytes: 65_536 } });
  await using raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  const id = await raw.openSession(1_000);
  for (let round = 0; round < 3; round++) {
    raw.transport.send(
      message(Message.ChannelData).uint32(id).string(new Uint8Array(32_768)).finish(),
    );
  }
  await raw.waitFor(Message.Disconnect);
});

Deno.test("a client that overflows a window is disconnected", async () => {
  await using lab = await SshLab.start();
  await using raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  const id = await raw.openSession(2 ** 32 - 1);
  raw.transport.send(message(Message.ChannelWindowAdjust).uint32(id).uint32(2 ** 32 - 1).finish());
  await raw.waitFor(Message.Disconnect);
});

Deno.test("maxChannels: channels beyond it are refused, and places are free again", async () => {
  await using lab = await SshLab.start({ channelLimits: { maxChannels: 3 } });
  await using client = await lab.connect();
  const { multiplexer } = client;
  const open = await Promise.all([1, 2, 3].map(() => multiplexer.open("session")));
  await multiplexer.open("session").then(
    () => ok(false, "a fourth channel was opened"),
    (error) => match(error.message, /too many channels/),
  );
  open[0]?.close();
  await open[0]?.closed;
  await multiplexer.open("session");
});

Deno.test("maxPendingRequests: a flood of requests ends the connection", async () => {
  const never = Promise.withResolvers<never>();
  await using lab = await SshLab.start({
    scopes: ["*"],
    channelLimits: { maxPendingRequests: 4 },
    accountOf: () => never.promise,
    agentForwarding: true,
  });
  await using raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  const id = await raw.openSession(1_000);
  for (let round = 0; round < 10; round++) {
    raw.transport.send(
      message(Message.ChannelRequest).uint32(id).string("auth-agent-req@openssh.com").boolean(true)
        .finish(),
    );
  }
  await raw.waitFor(Message.Disconnect);
  never.reject(new TypeError("over"));
});

/** OpenSSH with `SendEnv *` was sent away: its variables came before the first was answered. */
Deno.test("maxPendingRequests: requests that are decided at once do not count", async () => {
  await using lab = await SshLab.start({ channelLimits: { maxPendingRequests: 4 } });
  await using raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  const id = await raw.openSession(1_000);
  const ask = (type: string, wantReply: boolean) =>
    message(Message.ChannelRequest).uint32(id).string(type).boolean(wantReply);
  for (let round = 0; round < 200; round++) {
    raw.transport.send(ask("env", false).string(`NAME_${round}`).string("value").finish());
  }
  raw.transport.send(ask("env", true).string("LANG").string("C").finish());
  await raw.waitFor(Message.ChannelSuccess);
});

Deno.test("maxAuthTries: the connection ends after so many failures", async () => {
  await using lab = await SshLab.start({ limits: { maxAuthTries: 3 } });
  await using raw = new RawClient(await lab.dial());
  await raw.transport.ready;
  raw.transport.send(message(Message.ServiceRequest).string("ssh-userauth").finish());
  for (let round = 0; round < 3; round++) {
    raw.transport.send(
      message(Message.UserauthRequest).string("alice").string("ssh-connection").string("password")
        .boolean(false).string("guess").finish(),
    );
  }
  const reader = new SshReader(await raw.waitFor(Message.Disconnect), 1);
  strictEqual(reader.uint32(), 14);
  strictEqual(lab.events.filter(({ kind }) => kind === "auth.ssh-refused").length, 3);
});

Deno.test("loginGraceMs: who does not log in is disconnected, in every state", async () => {
  await using lab = await SshLab.start({ limits: { loginGraceMs: 100 } });
  const silent = await lab.dial(); // says nothing at all
  await silent.write(encoder.encode("SSH-2.0-"));
  const raw = new RawClient(await lab.dial()); // stops after the key exchange
  await raw.ended;
  const buffer = new Uint8Array(4_096);
  while (await silent.read(buffer).catch(() => null) !== null);
  await raw[Symbol.asyncDispose]();
});

Deno.test("failureDelayMs: unknown keys and known keys without a proof take as long", async () => {
  await using lab = await SshLab.start({ limits: { failureDelayMs: 80 } });
  for (const blob of [lab.alice.blob, lab.stranger.blob]) {
    await using raw = new RawClient(await lab.dial());
    await raw.transport.ready;
    raw.transport.send(message(Message.ServiceRequest).string("ssh-userauth").finish());
    const begun = performance.now();
    raw.transport.send(
      message(Message.UserauthRequest).string("alice").string("ssh-connection").string("publickey")
        .boolean(true).string("ssh-ed25519").string(blob).string(new Uint8Array(90)).finish(),
    );
    await raw.waitFor(Message.UserauthFailure);
    ok(performance.now() - begun >= 79, "answered too early");
  }
});

Deno.test("keepAliveMs: a client that gives no sign of life loses its session", async () => {
  await using lab = await SshLab.start({ limits: { keepAliveMs: 30, maxMissedKeepAlives: 2 } });
  await using raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  await raw.ended;
  await lab.idle();
  strictEqual(lab.events.at(-1)?.reason, "no sign of life");
});

Deno.test("penaltyMs: a source that fails again and again is turned away for a while", async () => {
  await using lab = await SshLab.start({ limits: { penaltyMs: 8_000, minPenaltyMs: 15_000 } });
  for (let round = 0; round < 2; round++) {
    const stream = await lab.dial();
    await stream.write(encoder.encode("nonsense\n"));
    while (await stream.read(new Uint8Array(1_000)).catch(() => null) !== null);
    await lab.idle();
  }
  const stream = await lab.dial();
  strictEqual(await stream.read(new Uint8Array(100)).catch(() => null), null);
});

Deno.test("strict key exchange is offered, so that no message can be slipped in (Terrapin)", async () => {
  await using lab = await SshLab.start();
  const stream = await lab.dial();
  await stream.write(IDENT);
  const buffer = new Uint8Array(4_096);
  let seen = "";
  while (!seen.includes("kex-strict-s-v00@openssh.com")) {
    const count = await stream.read(buffer);
    ok(count !== null);
    seen += new TextDecoder("latin1").decode(buffer.subarray(0, count));
  }
  ok(!/sha1|zlib|group-exchange|nistp|cbc/.test(seen), seen);
  stream.reset();
});

Deno.test("maxForwards: forwards of an identity are bounded over all its sessions", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const sockets: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for await (const socket of listener) sockets.push(socket);
  })();
  await using lab = await SshLab.start({
    forwardRules: [parseForwardRule("allow *:*")],
    limits: { maxForwards: 2 },
  });
  const data = new SshWriter().string("127.0.0.1").uint32(port).string("").uint32(0).finish();
  const opened = [];
  for (let round = 0; round < 3; round++) {
    const client = await lab.connect();
    opened.push(await client.multiplexer.open("direct-tcpip", data).then(() => true, () => false));
  }
  strictEqual(opened.join(), "true,true,false");
  listener.close();
  await accepting;
  for (const socket of sockets) socket.close();
});

Deno.test("a session that is opened and never used costs a place, not a program", async () => {
  await using lab = await SshLab.start();
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  strictEqual(await channel.ask("no-such-request"), false);
  strictEqual(await channel.ask("x11-req", text("")), false);
  strictEqual(await channel.ask("window-change", new Uint8Array(16)), false);
  channel.close();
  await channel.closed;
});

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("connectTimeoutMs: a destination that does not answer is given up", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = silent.addr;
  // With its queue full, Linux lets further clients wait.
  const waiting = await Promise.all([1, 2].map(() => Deno.connect({ port })));
  await using lab = await SshLab.start({
    forwardRules: [parseForwardRule("allow *:*")],
    limits: { connectTimeoutMs: 100 },
  });
  await using client = await lab.connect();
  const data = new SshWriter().string("127.0.0.1").uint32(port).string("").uint32(0).finish();
  let accepted = 0;
  const outcome = await client.multiplexer.open("direct-tcpip", data).then(
    () => "opened",
    (error) => error.message,
  );
  match(outcome, /cannot be reached/);
  for (const socket of waiting) socket.close();
  // The attempt itself ends with the queue, and is closed then.
  while (await silent.accept().then((socket) => socket.close(), () => "over") !== "over") {
    if (++accepted === 3) silent.close();
  }
});

Deno.test("maxListeners: no more than that is listened on for one connection", async () => {
  const listenRules = [parseForwardRule("allow 127.0.0.1:*")];
  await using lab = await SshLab.start({ listenRules, limits: { maxListeners: 2 } });
  await using client = await lab.connect();
  const data = new SshWriter().string("127.0.0.1").uint32(0).finish();
  const answers = [];
  for (let round = 0; round < 3; round++) {
    answers.push(await client.multiplexer.ask("tcpip-forward", data) !== false);
  }
  strictEqual(answers.join(), "true,true,false");
});

Deno.test("maxReplyBytes: a client that asks and does not read is not read from", async () => {
  await using lab = await SshLab.start({ transportLimits: { maxReplyBytes: 10_000 } });
  const stream = await lab.dial();
  await using raw = new RawClient(stream);
  await raw.logIn(lab.alice);
  raw.pause();
  const ask = message(Message.GlobalRequest).string("none@example.org").boolean(true).finish();
  let asked = 0;
  const flooding = (async () => {
    for (; asked < 15_000; asked++) {
      raw.transport.send(ask);
      await raw.transport.drained();
    }
  })();
  const stuckAt = await settled(() => asked);
  ok(stuckAt < 15_000, "all of them were read");
  raw.resume();
  await flooding;
});

Deno.test("windowBytes: later channels have an eighth of the window of the first ones", async () => {
  const channelLimits = { windowBytes: 80_000, wideChannels: 1 };
  await using lab = await SshLab.start({ channelLimits });
  await using raw = new RawClient(await lab.dial());
  await raw.logIn(lab.alice);
  const windows = [];
  for (const id of [0, 1]) {
    raw.transport.send(
      message(Message.ChannelOpen).string("session").uint32(id).uint32(1_000).uint32(32_768)
        .finish(),
    );
    const reader = new SshReader(await raw.waitFor(Message.ChannelOpenConfirmation), 9);
    windows.push(reader.uint32());
  }
  strictEqual(windows.join(), "80000,10000");
});

Deno.test("a client sets a bounded number of variables of a bounded length", async () => {
  await using lab = await SshLab.start({ envPatterns: ["V*"] });
  await using client = await lab.connect();
  const channel = await client.multiplexer.open("session");
  const set = (name: string, value: string): Promise<boolean> =>
    channel.ask("env", new SshWriter().string(name).string(value).finish());
  strictEqual(await set("V", "x".repeat(1_025)), false);
  strictEqual(await set("V;id", "x"), false);
  let taken = 0;
  while (taken < 100 && await set(`V${taken}`, "x")) taken++;
  strictEqual(taken, 32);
  strictEqual(await set("V0", "again"), true);
});

Deno.test("a plain port takes a bounded number of connections", async () => {
  await using lab = await SshLab.start();
  const { identities } = lab;
  const address = { hostname: "127.0.0.1", port: 0 };
  await using listener = listenPlain(lab.handler, { address, identities, maxConnections: 1 });
  const { port } = listener.addr;
  using first = await Deno.connect({ hostname: "127.0.0.1", port });
  ok(await first.read(new Uint8Array(100))); // its identification
  using second = await Deno.connect({ hostname: "127.0.0.1", port });
  strictEqual(await second.read(new Uint8Array(100)).catch(() => null), null);
});

Deno.test("a recording stops at its bound, and the session goes on", async () => {
  const directory = await Deno.makeTempDir();
  const request = { term: "xterm", size: { columns: 80, rows: 24 } };
  const recorder = await recordAsciicast({ directory, peer: "a/b", request, maxBytes: 1_000 });
  for (let round = 0; round < 100; round++) await recorder.output(encoder.encode("x".repeat(50)));
  await recorder.end();
  const files = await Array.fromAsync(Deno.readDir(directory));
  strictEqual(files.length, 1);
  const { size, mode } = await Deno.stat(`${directory}/${files[0]?.name}`);
  ok(size > 500 && size <= 1_000, `${size} bytes`);
  strictEqual((mode ?? 0) & 0o777, 0o600);
  await Deno.remove(directory, { recursive: true });
});

/** Waits until a number that grows stays the same for a while. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1;;) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = read();
    if (now === before) return now;
    before = now;
  }
}
