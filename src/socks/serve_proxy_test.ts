/** The proxy with a client nobody here wrote. */
import { type Stream, StreamClosedError } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../../tests/tools/skip.ts";
import { ProxyRefusedError, type ProxyRequest, serveProxy, type ServeProxyOptions } from "./mod.ts";

/** A proxy on loopback that knows one host by name. */
function proxy(options: Partial<ServeProxyOptions> & { readonly originPort: number }): {
  readonly port: number;
  readonly seen: ProxyRequest[];
} & AsyncDisposable {
  const seen: ProxyRequest[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connect: ServeProxyOptions["connect"] = async (request) => {
    seen.push(request);
    const { hostname } = request.destination;
    if (hostname === "secret.lan") throw new ProxyRefusedError("not-allowed", "Not for you");
    if (hostname !== "origin.lan" && hostname !== "127.0.0.1") throw new TypeError("No such host");
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: options.originPort });
    return { stream: socketStream(conn), bound: { hostname: "127.0.0.1", port: 1 } };
  };
  const running: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const conn of listener) {
      running.push(
        serveProxy(socketStream(conn), { connect, ...options }).catch(() => {
          // refused requests are what some of the tests are about
        }),
      );
    }
  })();
  return {
    port: listener.addr.port,
    seen,
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      await accepting;
      await Promise.all(running);
    },
  };
}

function origin(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => new Response(`${request.method} ${(await request.bytes()).length}`),
  );
}

/** 300,000 bytes to send. */
async function sentFile(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(300_000));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

async function curl(...args: string[]): Promise<{ code: number; out: string }> {
  const command = new Deno.Command("curl", {
    args: ["-sS", "-m", "10", "--noproxy", "", ...args],
    env: { http_proxy: "", https_proxy: "" },
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout) + decoder.decode(stderr) };
}

const WAYS: readonly [string, string, string, ProxyRequest["protocol"]][] = [
  ["--socks5", "127.0.0.1", "127.0.0.1", "socks5"],
  ["--socks5-hostname", "origin.lan", "origin.lan", "socks5"],
  ["--socks4", "127.0.0.1", "127.0.0.1", "socks4"],
  ["--socks4a", "origin.lan", "origin.lan", "socks4"],
  ["--proxy", "origin.lan", "origin.lan", "http"],
];

for (const [flag, host, wanted, protocol] of WAYS) {
  testOrSkip(`curl ${flag} reaches ${host} through the proxy`, missing("curl"), async () => {
    await using server = origin();
    await using door = proxy({ originPort: server.addr.port });
    await using file = await sentFile();
    const tunnel = flag === "--proxy" ? ["--proxytunnel"] : [];
    const { code, out } = await curl(
      ...tunnel,
      ...[flag, `127.0.0.1:${door.port}`, "--data-binary", `@${file.path}`],
      `http://${host}:${server.addr.port}/`,
    );
    strictEqual(code, 0, out);
    strictEqual(out, "POST 300000");
    const destination = { hostname: wanted, port: server.addr.port };
    deepStrictEqual(door.seen, [{ protocol, command: "connect", destination }]);
  });
}

testOrSkip("curl is told why a destination is not reached", missing("curl"), async () => {
  await using door = proxy({ originPort: 1 });
  const at = `127.0.0.1:${door.port}`;
  const refused = await curl("--socks5-hostname", at, "http://secret.lan/");
  strictEqual(refused.code, 97);
  match(refused.out, /\(2\)/); // RFC 1928: not allowed by ruleset
  const failed = await curl("--socks5-hostname", at, "http://nowhere.lan/");
  match(failed.out, /\(1\)/);
  const http = await curl("--proxytunnel", "--proxy", at, "http://secret.lan/");
  match(http.out, /403/);
});

testOrSkip("curl gets in with the right password and not without", missing("curl"), async () => {
  await using server = origin();
  await using door = proxy({
    originPort: server.addr.port,
    authenticate: ({ user, password }) => user === "me" && password === "s3cret",
  });
  const url = `http://origin.lan:${server.addr.port}/`;
  for (const scheme of ["socks5h", "http"]) {
    const by = (credentials: string): string[] => [
      "--proxytunnel",
      "--proxy",
      `${scheme}://${credentials}127.0.0.1:${door.port}`,
      url,
    ];
    strictEqual((await curl(...by("me:s3cret@"))).out, "GET 0", scheme);
    ok((await curl(...by("me:wrong@"))).code !== 0, scheme);
    ok((await curl(...by(""))).code !== 0, scheme);
  }
});

Deno.test("a client that never finishes its request is cut off", async () => {
  const [here, there] = await socketPair();
  const serving = serveProxy(there, {
    connect: () => Promise.reject(new TypeError("Not reached")),
    handshakeTimeoutMs: 20,
  });
  await here.write(new Uint8Array([5]));
  await rejects(serving);
  strictEqual(await here.read(new Uint8Array(10)).catch(() => null), null);
  here.reset();
});

Deno.test("the end of one direction leaves the other open, and the signal ends both", async () => {
  const [client, inner] = await socketPair();
  const [outer, target] = await socketPair();
  const stop = new AbortController();
  const serving = serveProxy(inner, {
    connect: () => Promise.resolve({ stream: outer }),
    signal: stop.signal,
  });
  await client.write(new Uint8Array([4, 1, 0, 80, 127, 0, 0, 1, 0, 9, 9]));
  await client.closeWrite();
  const buffer = new Uint8Array(20);
  strictEqual(await target.read(buffer), 2);
  strictEqual(await target.read(buffer), null);
  strictEqual(await client.read(buffer), 8);
  await target.write(new Uint8Array([7]));
  strictEqual(await client.read(buffer), 1);
  stop.abort();
  await rejects(serving);
  await rejects(async () => {
    while (true) await target.write(new Uint8Array(1_000));
  }, StreamClosedError);
  client.reset();
  target.reset();
});

async function socketPair(): Promise<[Stream, Stream]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [accepted, dialled] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
  ]);
  return [socketStream(dialled), socketStream(accepted)];
}
