/** The client's side: what it asks for, what it refuses, and what a hostile server can do to it. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import type { Stream } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";

import { ed25519HostKey } from "../mod.ts";
import { openTransport } from "../engine/ssh2_adapter.ts";
import type { PacketTransport } from "../engine/packet_transport.ts";
import { SshAuthError, SshHostKeyError, SshProtocolError } from "../errors.ts";
import { readAll, SshLab } from "../testdata/support.ts";
import { Message, message } from "../wire/message.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { type ClientSessionOptions, SshClientSession } from "./client_session.ts";
import { startProgram } from "./remote_program.ts";

const NOTHING = new Uint8Array(0);

/** A server that says whatever a test likes. */
class RawServer implements AsyncDisposable {
  readonly transport: PacketTransport;
  /** Types of the client's messages, in order. */
  readonly received: number[] = [];
  readonly #ended: Promise<void>;
  readonly #stream: Stream;

  constructor(stream: Stream, onMessage: (payload: Uint8Array, server: RawServer) => void) {
    this.#stream = stream;
    const hostKey = ed25519HostKey(new Uint8Array(32).fill(9));
    this.transport = openTransport(stream, { hostKey, ident: "raw" });
    this.#ended = this.transport.run((payload) => {
      this.received.push(payload[0] ?? 0);
      onMessage(payload, this);
    }).catch(() => {});
  }

  send(payload: Uint8Array): void {
    this.transport.send(payload);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.reset();
    await this.transport.close(11, "");
    await this.#ended;
  }
}

/** Lets anybody in and opens every channel as number 7 with a small window. */
function welcome(payload: Uint8Array, server: RawServer): void {
  const reader = new SshReader(payload, 1);
  switch (payload[0]) {
    case Message.ServiceRequest:
      return server.send(message(Message.ServiceAccept).string("ssh-userauth").finish());
    case Message.UserauthRequest:
      return server.send(message(Message.UserauthSuccess).finish());
    case Message.ChannelOpen: {
      reader.text();
      const id = reader.uint32();
      return server.send(
        message(Message.ChannelOpenConfirmation).uint32(id).uint32(7).uint32(1_000).uint32(1_000)
          .finish(),
      );
    }
  }
}

async function streams(): Promise<{ here: Stream; there: Stream; close(): void }> {
  const [client, server] = memoryPair({ alpn: "alknet/ssh" });
  const here = await client.openStream();
  await here.write(NOTHING);
  for await (const there of server.streams) return { here, there, close: () => client.close() };
  throw new TypeError("no stream");
}

function login(stream: Stream, options: Partial<ClientSessionOptions> = {}) {
  return SshClientSession.connect(stream, {
    user: "alice",
    keys: [],
    verifyHostKey: () => true,
    ...options,
  });
}

Deno.test("a server with another key is told nothing", async () => {
  const { here, there, close } = await streams();
  await using server = new RawServer(there, welcome);
  const connecting = login(here, { verifyHostKey: () => false });
  await rejects(connecting, SshHostKeyError);
  deepStrictEqual(server.received, []);
  close();
});

Deno.test("garbage instead of a server is an error of the protocol", async () => {
  for (const text of ["HTTP/1.1 200 OK\r\n\r\n".repeat(600), "SSH-2.0-x\r\n\0\0\0\xff".repeat(9)]) {
    const { here, there, close } = await streams();
    const writing = there.write(Uint8Array.from(text, (each) => each.charCodeAt(0)))
      .then(() => there.closeWrite()).catch(() => {});
    await rejects(login(here), SshProtocolError);
    close();
    await writing;
  }
});

Deno.test("a server that sends more than its window has room for is left", async () => {
  const { here, there, close } = await streams();
  await using server = new RawServer(there, welcome);
  const session = await login(here, { channelLimits: { windowBytes: 1_000 } });
  await session.multiplexer.open("session");
  server.send(message(Message.ChannelData).uint32(0).string(new Uint8Array(1_001)).finish());
  const fault = await session.ended;
  match(fault?.message ?? "", /More data than the window/);
  await session[Symbol.asyncDispose]();
  close();
});

Deno.test("errors count against the same window as data", async () => {
  const { here, there, close } = await streams();
  await using server = new RawServer(there, welcome);
  const session = await login(here, { channelLimits: { windowBytes: 1_000 } });
  const channel = await session.multiplexer.open("session");
  channel.keepErrors();
  const half = new Uint8Array(501);
  server.send(message(Message.ChannelData).uint32(0).string(half).finish());
  server.send(message(Message.ChannelExtendedData).uint32(0).uint32(1).string(half).finish());
  match((await session.ended)?.message ?? "", /More data than the window/);
  await session[Symbol.asyncDispose]();
  close();
});

Deno.test("channels that were not asked for are refused", async () => {
  const { here, there, close } = await streams();
  const refused = Promise.withResolvers<void>();
  await using server = new RawServer(there, (payload, self) => {
    if (payload[0] === Message.ChannelOpenFailure) refused.resolve();
    welcome(payload, self);
  });
  await using _session = await login(here);
  const open = message(Message.ChannelOpen).string("forwarded-tcpip").uint32(3).uint32(9)
    .uint32(9_000).string("127.0.0.1").uint32(80).string("").uint32(0);
  server.send(open.finish());
  await refused.promise;
  close();
});

Deno.test("a server that never lets in is left after the login time", async () => {
  const { here, there, close } = await streams();
  await using _server = new RawServer(there, () => {});
  await rejects(login(here, { limits: { loginTimeoutMs: 300 } }));
  close();
});

Deno.test("a server that talks instead of letting in is left", async () => {
  const { here, there, close } = await streams();
  await using _server = new RawServer(there, (payload, server) => {
    if (payload[0] !== Message.ServiceRequest) return;
    for (let i = 0; i < 100; i++) server.send(message(Message.ServiceAccept).string("x").finish());
  });
  await rejects(login(here), /talks instead of letting in|Unexpected message/);
  close();
});

Deno.test("a server that asks more than 8 questions is left", async () => {
  const { here, there, close } = await streams();
  await using _server = new RawServer(there, (payload, server) => {
    if (payload[0] === Message.ServiceRequest) return welcome(payload, server);
    const questions = message(Message.UserauthInfoRequest).string("").string("").string("")
      .uint32(9);
    for (let i = 0; i < 9; i++) questions.string(`${i}?`).boolean(true);
    server.send(questions.finish());
  });
  const connecting = login(here, { answer: (prompts) => Promise.resolve(prompts.map(() => "")) });
  await rejects(connecting, /Too many questions/);
  close();
});

Deno.test("a server that answers nothing any more is left after some signs of life", async () => {
  const { here, there, close } = await streams();
  await using _server = new RawServer(there, welcome); // it answers no global requests
  const session = await login(here, { limits: { keepAliveMs: 20, maxMissedKeepAlives: 2 } });
  await session.ended;
  match(session.multiplexer.ended?.message ?? "", /no sign of life/);
  await session[Symbol.asyncDispose]();
  close();
});

Deno.test("a session whose server answers stays", async () => {
  await using lab = await SshLab.start();
  await using session = await lab.connect({ limits: { keepAliveMs: 100, maxMissedKeepAlives: 5 } });
  const program = await startProgram(session, { type: "exec", command: "sleep 1; echo here" });
  strictEqual(await readAll(program.channel), "here\n");
});

Deno.test("a key that has to be asked for is not used where it would not do", async () => {
  await using lab = await SshLab.start();
  let signed = 0;
  const lazy = (key: typeof lab.alice) => ({
    ...key,
    askFirst: true,
    sign: (bytes: Uint8Array) => {
      signed++;
      return key.sign(bytes);
    },
  });
  await rejects(lab.connect({ keys: [lazy(lab.stranger)] }), SshAuthError);
  strictEqual(signed, 0);
  await using session = await lab.connect({ keys: [lazy(lab.stranger), lazy(lab.alice)] });
  deepStrictEqual([signed, session.multiplexer.ended], [1, undefined]);
});

Deno.test("a program's output, errors and end come apart, whole, under a small window", async () => {
  await using lab = await SshLab.start();
  await using session = await lab.connect({ channelLimits: { windowBytes: 5_000 } });
  const command = "head -c 300000 /dev/zero & head -c 200000 /dev/zero >&2; wait; exit 4";
  const { channel, ended } = await startProgram(session, { type: "exec", command });
  const errors = { ...channel, read: (buffer: Uint8Array) => channel.readError(buffer) };
  const [out, err] = await Promise.all([readAll(channel), readAll(errors as unknown as Stream)]);
  deepStrictEqual([out.length, err.length], [300_000, 200_000]);
  deepStrictEqual(await ended, { code: 4 });
});

Deno.test("the client changes the keys when they are used up", async () => {
  await using lab = await SshLab.start();
  await using session = await lab.connect({ transportLimits: { rekeyBytes: 50_000 } });
  const program = await startProgram(session, { type: "exec", command: "cat | wc -c" });
  const bytes = new Uint8Array(10_000);
  for (let i = 0; i < 60; i++) await program.channel.write(bytes);
  await program.channel.closeWrite();
  strictEqual((await readAll(program.channel)).trim(), "600000");
  ok(session.multiplexer.ended === undefined);
});

Deno.test("a terminal has its size and takes another, and signals reach the program", async () => {
  await using lab = await SshLab.start();
  await using session = await lab.connect();
  const pty = { term: "xterm", size: { columns: 91, rows: 17 } };
  const command = "trap 'stty size; exit 3' USR1; stty size; read line; echo never";
  const program = await startProgram(session, { type: "exec", command }, { pty });
  const buffer = new Uint8Array(100);
  const first = await program.channel.read(buffer) ?? 0;
  strictEqual(new TextDecoder().decode(buffer.subarray(0, first)), "17 91\r\n");
  program.resize({ columns: 60, rows: 20 });
  program.signal("USR1");
  match(await readAll(program.channel), /20 60\r\n$/);
  deepStrictEqual(await program.ended, { code: 3 });
});
