import {
  CloseCode,
  ConfigIdentities,
  type HandlerContext,
  type OpenTerminal,
  type PeerEntry,
  type Stream,
  TerminalRefusedError,
  type TerminalRequest,
} from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import { ed25519HostKey, type SshEvent, type SshHandler, type SshOptions } from "../mod.ts";
import type { TerminalRecorder } from "../session/terminal_run.ts";
import { ssh } from "../ssh.ts";

const ADA: PeerEntry = {
  peerId: "ada",
  fingerprints: [],
  sshKeys: [],
  scopes: ["ssh:shell"],
  resources: {},
  enabled: true,
};
const SIZE = { columns: 80, rows: 24 };
const REQUEST: TerminalRequest = {
  user: "ada",
  term: "xterm-256color",
  size: SIZE,
  client: "page",
};

/** Without start-up files, whatever those of this machine do. */
const ACCOUNT = { name: "ada", home: "/nowhere", shell: "/bin/bash", prefix: [] };

/** The terminals of a handler, and ada, who was let in by somebody else. */
class Lab implements AsyncDisposable {
  readonly handler: SshHandler;
  readonly identities = new ConfigIdentities({ peers: [ADA], tokens: [] });
  readonly events: SshEvent[] = [];
  readonly #carriers: { close(): void }[] = [];

  constructor(options: Partial<SshOptions> = {}) {
    this.handler = ssh({
      hostKey: ed25519HostKey(new Uint8Array(32).fill(7)),
      onEvent: (event) => this.events.push(event),
      accountOf: () => Promise.resolve(ACCOUNT),
      ...options,
    });
  }

  change(change: Partial<PeerEntry>): void {
    this.identities.replace({ peers: [{ ...ADA, ...change }], tokens: [] });
  }

  /** Opens one; the other end of its stream is for whoever sits there. */
  async open(request: Partial<TerminalRequest> = {}): Promise<Seat> {
    const [client, server] = memoryPair();
    this.#carriers.push(client);
    const stream = await client.openStream();
    const { identities } = this;
    const ctx: HandlerContext = {
      auth: {
        get identity() {
          return identities.withId("ada");
        },
        alpn: "http/1.1",
        remoteAddr: { hostname: "192.0.2.7", port: 4 },
      },
      identities,
      signal: server.signal,
    };
    await stream.write(new TextEncoder().encode(" "));
    for await (const carried of server.streams) {
      const asked = { ...REQUEST, ...request };
      const terminal = await this.handler.terminals.open(carried, ctx, asked);
      terminal.ended.then(() => server.close());
      return new Seat(stream, terminal, () => client.close());
    }
    throw new TypeError("No stream came");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const carrier of this.#carriers) carrier.close();
    await this.handler.shutdown?.();
  }
}

/** Whoever sits at a terminal. */
class Seat {
  /** What has been shown so far. */
  shown = "";
  readonly terminal: OpenTerminal;
  readonly leave: () => void;
  readonly #stream: Stream;

  constructor(stream: Stream, terminal: OpenTerminal, leave: () => void) {
    this.#stream = stream;
    this.terminal = terminal;
    this.leave = leave;
  }

  async type(text: string): Promise<void> {
    await this.#stream.write(new TextEncoder().encode(text));
  }

  /** Reads until something matches what was shown; resolves to the match. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4_096);
    for (;;) {
      const found = pattern.exec(this.shown);
      if (found) return found;
      const count = await this.#stream.read(buffer);
      if (count === null) throw new TypeError(`The end, and no ${pattern}: ${this.shown}`);
      this.shown += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
  }
}

Deno.test("terminals run a login shell of the wanted kind and size, which changes", async () => {
  await using lab = new Lab();
  const seat = await lab.open({ variables: new Map([["COLORTERM", "truecolor"], ["PS4", "x"]]) });
  await seat.type('stty size; echo "$TERM $COLORTERM $((6*7)) [$PS4]"; set\n');
  await seat.sees(/24 80\r\n/);
  await seat.sees(/xterm-256color truecolor 42 \[(\+ )?\]/);
  await seat.sees(/SSH_CONNECTION=.?192\.0\.2\.7 4/);
  seat.terminal.resize({ columns: 101, rows: 31 });
  await seat.type("stty size\n");
  await seat.sees(/31 101\r\n/);
  await seat.type("exit 3\n");
  deepStrictEqual(await seat.terminal.ended, { code: CloseCode.Ok, reason: "exit code 3" });
});

Deno.test("terminals are listed with the sessions of SSH, told of, and ended by number", async () => {
  await using lab = new Lab();
  const seat = await lab.open();
  const [session] = lab.handler.sessions();
  strictEqual(session?.peer, "ada");
  strictEqual(session.client, "page");
  strictEqual(session.method, "terminal");
  deepStrictEqual(session.channels, ["terminal"]);
  ok(lab.handler.end(session.id));
  strictEqual((await seat.terminal.ended).reason, "ended by the node's owner");
  deepStrictEqual(lab.handler.sessions(), []);
  const told = lab.events.map(({ kind, peer, method, reason }) => [kind, peer, method, reason]);
  deepStrictEqual(told, [
    ["ssh.login", "ada", "terminal", undefined],
    ["ssh.logout", "ada", "terminal", "ended by the node's owner"],
  ]);
});

for (
  const [what, change] of [
    ["a peer that is switched off", { enabled: false }],
    ["a scope that is withdrawn", { scopes: ["ssh:exec"] }],
  ] as const
) {
  Deno.test(`${what} ends its terminals at once, with their programs`, async () => {
    await using lab = new Lab();
    const seat = await lab.open();
    await seat.type("sleep 600 & echo pid=$!.\n");
    const [, pid] = await seat.sees(/pid=(\d+)\./);
    lab.change(change);
    const ended = await seat.terminal.ended;
    deepStrictEqual(ended, { code: CloseCode.Revoked, reason: "permission withdrawn" });
    await gone(Number(pid));
    strictEqual(lab.handler.terminalCounters.endedRevoked, 1);
  });
}

Deno.test("whoever leaves a terminal takes its programs along", async () => {
  await using lab = new Lab();
  const seat = await lab.open();
  await seat.type("echo pid=$$.\n");
  const [, pid] = await seat.sees(/pid=(\d+)\./);
  seat.leave();
  strictEqual((await seat.terminal.ended).reason, "connection lost");
  await gone(Number(pid));
});

Deno.test("the node's end is that of its terminals, also of those to come", async () => {
  const lab = new Lab();
  const seat = await lab.open();
  await lab.handler.shutdown?.();
  strictEqual((await seat.terminal.ended).reason, "node is shutting down");
  const late = await lab.open();
  strictEqual((await late.terminal.ended).reason, "node is shutting down");
  await lab[Symbol.asyncDispose]();
});

Deno.test("terminals are refused as shells of SSH are, and say why", async () => {
  const off = new Lab({ shell: false });
  deepStrictEqual(await offered(off), { refusal: "off" });
  const nobody = new Lab();
  deepStrictEqual(await nobody.handler.terminals.offer(undefined), { refusal: "scope" });
  nobody.change({ scopes: ["ssh:exec", "ssh:sftp"] });
  deepStrictEqual(await offered(nobody), { refusal: "scope" });
  const homeless = new Lab({ usersOf: () => [] });
  deepStrictEqual(await offered(homeless), { refusal: "account" });
  const factor = { prompts: [{ text: "Code" }], verify: () => true };
  const doubtful = new Lab({ secondFactorOf: () => factor });
  deepStrictEqual(await offered(doubtful), { refusal: "second-factor" });
  for (const lab of [off, nobody, homeless, doubtful]) {
    await rejects(lab.open(), TerminalRefusedError);
    strictEqual(lab.handler.terminalCounters.refused, 1);
    deepStrictEqual([lab.handler.sessions(), lab.events], [[], []]);
    await lab[Symbol.asyncDispose]();
  }
});

Deno.test("a terminal is of an account that its peer may be, and of no other", async () => {
  const asked: string[] = [];
  await using lab = new Lab({
    usersOf: () => ["deploy", "ada"],
    accountOf: ({ user }) => {
      asked.push(user);
      return Promise.resolve(undefined);
    },
  });
  deepStrictEqual(await offered(lab), { users: ["deploy", "ada"] });
  await rejects(lab.open({ user: "root" }), { refusal: "account" });
  deepStrictEqual(asked, []);
  await rejects(lab.open({ user: "deploy" }), { refusal: "account" });
  deepStrictEqual(asked, ["deploy"]);
});

Deno.test("an identity has so many terminals and no more", async () => {
  await using lab = new Lab({ limits: { maxTerminals: 2 } });
  const [first] = [await lab.open(), await lab.open()];
  await rejects(lab.open(), { refusal: "limit" });
  await first.type("exit\n");
  await first.terminal.ended;
  await until(() => lab.handler.terminalCounters.open === 1);
  await lab.open();
  const { open, opened, refusedLimit } = lab.handler.terminalCounters;
  deepStrictEqual({ open, opened, refusedLimit }, { open: 2, opened: 3, refusedLimit: 1 });
});

Deno.test("a terminal at which nothing happens ends", async () => {
  await using lab = new Lab({ limits: { terminalIdleMs: 300, keepAliveMs: 20 } });
  const seat = await lab.open();
  deepStrictEqual(await seat.terminal.ended, {
    code: CloseCode.Timeout,
    reason: "nothing has happened for too long",
  });
  strictEqual(lab.handler.terminalCounters.endedIdle, 1);
});

Deno.test("terminals are recorded where those of SSH are", async () => {
  const recorded: string[] = [];
  const recorder: TerminalRecorder = {
    output: (bytes) => Promise.resolve(void recorded.push(new TextDecoder().decode(bytes))),
    resize: ({ columns }) => Promise.resolve(void recorded.push(`<${columns}>`)),
    end: () => Promise.resolve(void recorded.push("<end>")),
  };
  await using lab = new Lab({
    record: (_request, { id }) => Promise.resolve(id === "ada" ? recorder : undefined),
  });
  const seat = await lab.open();
  await seat.type("echo $((6*7))\n");
  await seat.sees(/42/);
  seat.terminal.resize({ columns: 99, rows: 9 });
  await seat.type("exit\n");
  await seat.terminal.ended;
  match(recorded.join(""), /42[^]*<99>[^]*<end>$/);
});

Deno.test("a recording that cannot be written ends the terminal", async () => {
  const recorder: TerminalRecorder = {
    output: () => Promise.reject(new Error("Disk is full")),
    resize: () => Promise.resolve(),
    end: () => Promise.resolve(),
  };
  await using lab = new Lab({ record: () => Promise.resolve(recorder) });
  const seat = await lab.open();
  deepStrictEqual(await seat.terminal.ended, { code: CloseCode.HandlerFailed, reason: "failed" });
});

function offered({ handler, identities }: Lab): Promise<unknown> {
  return handler.terminals.offer(identities.withId("ada"));
}

/** Waits until a process has ended; nobody may be there to ask how it did. */
async function gone(pid: number): Promise<void> {
  ok(pid > 0);
  await until(() => {
    try {
      return /\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
    } catch {
      return true;
    }
  });
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10));
}
