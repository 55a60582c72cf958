/**
 * Which key exchange connections have: docs/security.md says so, and this notices when a later Deno
 * or engine does better.
 */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { missing, testOrSkip } from "../tools/skip.ts";
import { SshLab } from "./support/ssh.ts";

const Extension = { supportedGroups: 10, keyShare: 51 } as const;
const Group = { x25519: 0x001d, x25519MlKem768: 0x11ec } as const;
const RECORD_HEADER_BYTES = 5;

Deno.test("Deno's TLS knows X25519MLKEM768, but begins with X25519", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  using client = await Deno.connectTls({ hostname: "127.0.0.1", port: listener.addr.port });
  const shaking = client.handshake().catch(() => {}); // nobody answers
  const socket = await accepted;
  const hello = new Uint8Array(16_384);
  await socket.read(hello);
  const extensions = extensionsOf(new DataView(hello.buffer, RECORD_HEADER_BYTES));
  strictEqual(numbersOf(extensions.get(Extension.supportedGroups)).at(-1), Group.x25519MlKem768);
  const shares = extensions.get(Extension.keyShare);
  deepStrictEqual([shares?.getUint16(2), shares?.getUint16(4)], [Group.x25519, 32]);
  strictEqual(shares?.byteLength, 2 + 4 + 32); // and no other
  socket.close();
  await shaking;
});

testOrSkip("SSH agrees on X25519", missing("ssh") ?? missing("ssh-keygen"), async () => {
  await using lab = await SshLab.start({ scopes: ["ssh:exec:true"] });
  const { err } = await lab.ssh(await lab.configure("tcp"), [
    "-vv",
    "-o",
    "LogLevel=DEBUG2",
    "head",
    "true",
  ]);
  match(err, /kex: algorithm: curve25519-sha256/);
});

/** Extensions of a ClientHello by their number (RFC 8446 section 4.1.2). */
function extensionsOf(hello: DataView): ReadonlyMap<number, DataView> {
  let at = 4 + 2 + 32; // type and length, version, random
  at += 1 + hello.getUint8(at); // session
  at += 2 + hello.getUint16(at); // cipher suites
  at += 1 + hello.getUint8(at); // compression
  const end = at + 2 + hello.getUint16(at);
  const found = new Map<number, DataView>();
  for (at += 2; at < end;) {
    const length = hello.getUint16(at + 2);
    found.set(hello.getUint16(at), new DataView(hello.buffer, hello.byteOffset + at + 4, length));
    at += 4 + length;
  }
  return found;
}

/** Numbers of two bytes, with the length of all in front. */
function numbersOf(list: DataView | undefined): number[] {
  const count = (list?.getUint16(0) ?? 0) / 2;
  return Array.from({ length: count }, (_, index) => list?.getUint16(2 + index * 2) ?? 0);
}
