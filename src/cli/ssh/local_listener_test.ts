import { ok, rejects, strictEqual, throws } from "node:assert/strict";
import { ListenError } from "@alknet/core";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import type { ForwardEnd } from "./forward_spec.ts";
import { assertLoopback, listenLocally, MAX_LOCAL_CONNECTIONS } from "./local_listener.ts";

const ANY_PORT: ForwardEnd = { kind: "tcp", address: { hostname: "127.0.0.1", port: 0 } };

function at(hostname: string): ForwardEnd {
  return { kind: "tcp", address: { hostname, port: 1080 } };
}

Deno.test("listening where other machines reach is refused unless it is meant", () => {
  for (const hostname of ["0.0.0.0", "::", "192.0.2.1", "127.example.com.evil", "example.com"]) {
    throws(() => assertLoopback(at(hostname), false), CliError, hostname);
    assertLoopback(at(hostname), true);
  }
  for (const hostname of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) {
    assertLoopback(at(hostname), false);
  }
});

Deno.test("MAX_LOCAL_CONNECTIONS: further ones are closed, and the others go on", async () => {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  let served = 0;
  await using listener = await listenLocally(ANY_PORT, async () => {
    if (++served === MAX_LOCAL_CONNECTIONS) all.resolve();
    await release;
  });
  const port = Number(listener.where.split(":")[1]);
  const clients: Deno.TcpConn[] = [];
  for (let i = 0; i < MAX_LOCAL_CONNECTIONS; i++) clients.push(await Deno.connect({ port }));
  await all.promise;
  const turnedAway = await Deno.connect({ port });
  strictEqual(await turnedAway.read(new Uint8Array(1)).catch(() => null), null);
  strictEqual(served, MAX_LOCAL_CONNECTIONS);
  for (const each of [...clients, turnedAway]) each.close();
  resolve();
});

Deno.test("a socket that a killed program left is replaced, one that is served is not", async () => {
  const directory = await Deno.makeTempDir();
  const end: ForwardEnd = { kind: "unix", path: join(directory, "sock") };
  const code = `Deno.listen({ transport: "unix", path: ${JSON.stringify(end.path)} });
    console.log("listening"); setInterval(() => {}, 60_000)`;
  const args = ["eval", code];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  ok((await Deno.lstat(end.path)).isSocket);
  await using _listener = await listenLocally(end, () => Promise.resolve());
  strictEqual(((await Deno.stat(end.path)).mode ?? 0) & 0o777, 0o600);
  await rejects(listenLocally(end, () => Promise.resolve()), ListenError);
  await Deno.remove(directory, { recursive: true });
});
