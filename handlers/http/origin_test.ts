import { NOBODY } from "@alknet/core";
import { match, strictEqual } from "node:assert/strict";

import type { HttpInfo } from "./mod.ts";
import { Origin } from "./origin.ts";
import { Patience } from "./patience.ts";

const remoteAddr = { hostname: "192.0.2.1", port: 1 };
const info: HttpInfo = {
  remoteAddr,
  alpn: "http/1.1",
  transport: "memory",
  auth: { alpn: "http/1.1", remoteAddr },
  identities: NOBODY,
};

Deno.test("Origin answers 403 to somebody else on the machine, and closes", async () => {
  // Whoever may open a loopback connection could otherwise speak as any client.
  const origin = new Origin(() => new Response("secret"));
  const outsider = await Deno.connect({ hostname: "127.0.0.1", port: origin.port });
  const text = await ask(outsider);
  match(text, /^HTTP\/1\.1 403 /);
  match(text, /connection: close/i);
  strictEqual(text.includes("secret"), false);
  await origin.stop();
});

Deno.test("Origin answers 403 to an outsider with a visitor's port on another address", async () => {
  // All of 127.0.0.0/8 is loopback: the same source port can be had on 127.0.0.2.
  const origin = new Origin(() => new Response("secret"));
  using patience = new Patience({ headTimeoutMs: 9_000, idleTimeoutMs: 9_000 }, () => {});
  const visitor = await origin.connect({ info, patience });
  const script = [
    "import socket, sys",
    "s = socket.socket()",
    "s.bind(('127.0.0.2', int(sys.argv[1])))",
    "s.connect(('127.0.0.1', int(sys.argv[2])))",
    "s.send(b'GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n')",
    "print(s.recv(4096).decode())",
  ].join("\n");
  const args = ["-c", script, String(visitor.localAddr.port), String(origin.port)];
  const { stdout } = await new Deno.Command("python3", { args }).output();
  match(new TextDecoder().decode(stdout), /^HTTP\/1\.1 403 /);
  origin.release(visitor);
  await origin.stop();
});

Deno.test("Origin serves a visitor, and forgets it on release", async () => {
  const origin = new Origin((_request, { remoteAddr }) => new Response(remoteAddr.hostname));
  using patience = new Patience({ headTimeoutMs: 9_000, idleTimeoutMs: 9_000 }, () => {});
  const visitor = await origin.connect({ info, patience });
  match(await ask(visitor), /192\.0\.2\.1$/);
  origin.release(visitor);
  await origin.stop();
});

Deno.test("Origin answers 500 when the application throws, at once or later", async () => {
  const throwing = () => {
    throw new TypeError("Secret");
  };
  for (const app of [throwing, () => Promise.resolve().then(throwing)]) {
    const origin = new Origin(app);
    using patience = new Patience({ headTimeoutMs: 9_000, idleTimeoutMs: 9_000 }, () => {});
    const visitor = await origin.connect({ info, patience });
    match(await ask(visitor), /^HTTP\/1\.1 500 [^]*\r\n\r\nInternal server error\n$/);
    origin.release(visitor);
    await origin.stop();
  }
});

async function ask(conn: Deno.TcpConn): Promise<string> {
  const request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
  await conn.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(4096);
  let text = "";
  for (let count = await read(conn, buffer); count !== null; count = await read(conn, buffer)) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

async function read(conn: Deno.TcpConn, buffer: Uint8Array): Promise<number | null> {
  const count = await conn.read(buffer);
  if (count === null) conn.close();
  return count;
}
