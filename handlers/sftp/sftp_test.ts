import { dial } from "@alknet/client";
import {
  ConfigIdentities,
  type Connection,
  ConnectionClosedError,
  type Endpoint,
  generateNodeKey,
  type Identity,
  keyFingerprint,
  NOBODY,
  type NodeKey,
  serve,
} from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import {
  ALPN,
  connectSftp,
  copyFile,
  type FileBackend,
  memoryFiles,
  permittedFiles,
  sftp,
  type SftpOptions,
  StatusCode,
} from "./mod.ts";
import { contentsOf, namesIn, put } from "./testdata/support.ts";

interface Scene extends AsyncDisposable {
  readonly node: Endpoint;
  readonly owner: NodeKey;
  readonly files: FileBackend;
  dial(key: NodeKey | "anonymous", transport: "quic" | "tls"): Promise<Connection>;
}

async function scene(options: Partial<SftpOptions> = {}): Promise<Scene> {
  const files = memoryFiles();
  const owner = await generateNodeKey();
  const identities = new ConfigIdentities({
    peers: [],
    tokens: [],
    owner: keyFingerprint(owner.publicKey),
  });
  const handlers = [sftp({
    files: ({ identity }) => permittedFiles(files, identity),
    ...options,
  })];
  const node = await serve({ hostname: "127.0.0.1", handlers, identities });
  return {
    node,
    owner,
    files,
    dial: (identity, transport) =>
      dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, {
        alpn: ALPN,
        identity,
        transports: [transport],
      }),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

for (const transport of ["quic", "tls"] as const) {
  Deno.test(`files go to a node and back over ${transport}`, async () => {
    await using it = await scene();
    await using conn = await it.dial(it.owner, transport);
    await using there = await connectSftp(await conn.openStream());
    const here = memoryFiles();
    await put(here, "/small", "hello");
    await put(here, "/big", new Uint8Array(5_000_017).map((_, index) => index * 7));
    for (const path of ["/small", "/big"]) {
      await copyFile({ files: here, path }, { files: there, path }, { verify: true });
      const back = { files: here, path: `${path}-back` };
      await copyFile({ files: there, path }, back, { verify: true });
    }
    strictEqual(await contentsOf(here, "/small-back"), "hello");
    deepStrictEqual(await namesIn(it.files, "/"), ["big", "small"]);
  });

  Deno.test(`strangers are turned away over ${transport}`, async () => {
    await using it = await scene();
    for (const key of ["anonymous", await generateNodeKey()] as const) {
      await rejects(async () => {
        await using conn = await it.dial(key, transport);
        await connectSftp(await conn.openStream());
      });
    }
  });

  Deno.test(`a peer without files is refused over ${transport}`, async () => {
    await using it = await scene({ files: () => undefined });
    await using conn = await it.dial(it.owner, transport);
    await rejects(async () => await connectSftp(await conn.openStream()), {
      status: StatusCode.PermissionDenied,
    });
  });
}

Deno.test("each stream of a connection is a session of its own", async () => {
  await using it = await scene();
  await using conn = await it.dial(it.owner, "quic");
  await using first = await connectSftp(await conn.openStream());
  await using second = await connectSftp(await conn.openStream());
  await put(first, "/a", "a");
  strictEqual(await contentsOf(second, "/a"), "a");
});

Deno.test("maxSessionsPerIdentity bounds the sessions of a peer, and ended ones do not count", async () => {
  await using it = await scene({ maxSessionsPerIdentity: 2 });
  await using conn = await it.dial(it.owner, "quic");
  const first = await connectSftp(await conn.openStream());
  await using second = await connectSftp(await conn.openStream());
  await rejects(async () => await connectSftp(await conn.openStream()));
  await first[Symbol.asyncDispose]();
  await using third = await connectSftp(await conn.openStream());
  await third.mkdir("/d");
  strictEqual((await second.stat("/d")).size >= 0, true);
});

Deno.test("a client that vanishes frees its place, and the others go on", async () => {
  await using it = await scene({ maxSessionsPerIdentity: 2 });
  await using staying = await it.dial(it.owner, "tls");
  await using files = await connectSftp(await staying.openStream());
  for (let round = 0; round < 3; round++) {
    const conn = await it.dial(it.owner, round % 2 ? "quic" : "tls");
    const client = await connectSftp(await conn.openStream());
    client.stat("/").catch(() => {});
    conn.close();
    await rejects(client.stat("/"));
    while (it.node.counters.active > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await files.mkdir("/d");
});

Deno.test("a peer whose scopes are made fewer loses its sessions, and one with more keeps them", async () => {
  const key = await generateNodeKey();
  const entry = (...scopes: string[]) => ({
    peers: [{
      peerId: "ann",
      fingerprints: [keyFingerprint(key.publicKey)],
      sshKeys: [],
      scopes,
      resources: {},
      enabled: true,
    }],
    tokens: [],
  });
  const identities = new ConfigIdentities(entry("sftp:read"));
  const handlers = [sftp({ files: ({ identity }) => permittedFiles(memoryFiles(), identity) })];
  await using node = await serve({ hostname: "127.0.0.1", handlers, identities });
  const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
  await using conn = await dial(target, { alpn: ALPN, identity: key, transports: ["quic"] });
  const client = await connectSftp(await conn.openStream());
  identities.replace(entry("sftp:read", "sftp:write"));
  deepStrictEqual(await namesIn(client, "/"), []);
  identities.replace(entry("sftp:write"));
  await rejects(namesIn(client, "/"));
  await using again = await connectSftp(await conn.openStream());
  await again.mkdir("/d");
  await rejects(namesIn(again, "/"), { status: StatusCode.PermissionDenied });
});

Deno.test("somebody known by a token keeps a session while others change, and loses it with a scope", async () => {
  // Sessions of browsers ended at every change of peers: they have a token and no key to look up.
  const [client, server] = memoryPair({ alpn: ALPN });
  const changed = new Set<() => void>();
  let scopes = ["sftp:*"];
  const identities = {
    ...NOBODY,
    onChange: (listener: () => void) => {
      changed.add(listener);
      return () => changed.delete(listener);
    },
  };
  const auth = {
    get identity(): Identity {
      return { id: "ann", scopes, resources: {} };
    },
    alpn: ALPN,
    remoteAddr: server.remoteAddr,
  };
  const { signal } = server;
  const serving = sftp({ files: () => memoryFiles() }).accept(server, { auth, identities, signal });
  const files = await connectSftp(await client.openStream());
  for (const tell of changed) tell();
  await files.mkdir("/d");
  scopes = ["sftp:read"];
  for (const tell of changed) tell();
  await rejects(async () => await files.stat("/d"));
  client.close();
  await serving;
});

Deno.test("at shutdown sessions end and their clients hear of it", async () => {
  const it = await scene();
  await using conn = await it.dial(it.owner, "quic");
  const client = await connectSftp(await conn.openStream());
  await it[Symbol.asyncDispose]();
  await rejects(client.stat("/"), (error) => error instanceof Error);
  await conn.closed;
  await rejects(async () => await conn.openStream(), ConnectionClosedError);
});
