import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { askNode, isRunning, serveControl } from "./control.ts";

async function inTempDir(test: (socket: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(join(directory, "run", "control.sock"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a command asks the running node and gets its answer or its error", () =>
  inTempDir(async (socket) => {
    await using _ = await serveControl(socket, {
      status: () => Promise.resolve({ long: "x".repeat(300_000) }),
      fail: () => Promise.reject(new TypeError("Nothing works")),
    });
    deepStrictEqual(await askNode(socket, "status"), { long: "x".repeat(300_000) });
    await rejects(askNode(socket, "fail"), /Nothing works/);
    await rejects(askNode(socket, "toString"), /unknown operation/);
  }));

Deno.test("the socket is for its owner only, and a second node is turned away", () =>
  inTempDir(async (socket) => {
    await using _ = await serveControl(socket, {});
    strictEqual(((await Deno.stat(socket)).mode ?? 0) & 0o777, 0o600);
    await rejects(serveControl(socket, {}), (error) => error instanceof CliError);
  }));

Deno.test("a socket left behind by kill -9 is replaced", () =>
  inTempDir(async (socket) => {
    await Deno.mkdir(join(socket, ".."), { recursive: true });
    Deno.listen({ transport: "unix", path: socket }).close();
    await Deno.writeTextFile(`${socket}.note`, "");
    await using _ = await serveControl(socket, { status: () => Promise.resolve(1) });
    ok(await isRunning(socket));
  }));

Deno.test("without a node the error says how to start one", () =>
  inTempDir((socket) => rejects(askNode(socket, "status"), /alknet serve/)));

Deno.test("garbage on the socket does not trouble the node", () =>
  inTempDir(async (socket) => {
    await using _ = await serveControl(socket, { status: () => Promise.resolve(1) });
    for (
      const garbage of ["\n", "{\n", "null\n", '{"operation":{}}\n', "x".repeat(100_000) + "\n"]
    ) {
      using conn = await Deno.connect({ transport: "unix", path: socket });
      await conn.write(new TextEncoder().encode(garbage));
      await conn.read(new Uint8Array(1_000)).catch(() => {});
    }
    strictEqual(await askNode(socket, "status"), 1);
  }));
