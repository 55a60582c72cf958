/**
 * Serves one SSH connection on standard input and output, as `sshd -i` does, for a client's
 * ProxyCommand: `ssh_stdio.ts PUBLIC_KEY_FILE`
 */
import { ALPN, ed25519HostKey, ssh } from "@alknet/ssh";
import { ConfigIdentities, type Stream } from "@alknet/core";
import { readableFrom, writableFrom } from "@alknet/core/transport";

/** The process's own streams as one of ours. */
export function standardStreams(): Stream {
  const read = (buffer: Uint8Array): Promise<number | null> => Deno.stdin.read(buffer);
  const write = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  };
  const reset = (): never => Deno.exit();
  const closeWrite = (): Promise<void> => Promise.resolve();
  return {
    read,
    write,
    closeWrite,
    reset,
    readable: readableFrom({ read }, reset),
    writable: writableFrom({ write, closeWrite }, reset),
  };
}

if (import.meta.main) {
  const [, key = ""] = (await Deno.readTextFile(Deno.args[0] ?? "")).split(" ");
  const peer = { peerId: "alice", fingerprints: [], sshKeys: [key], scopes: ["ssh:*"] };
  const identities = new ConfigIdentities({
    peers: [{ ...peer, resources: {}, enabled: true }],
    tokens: [],
  });
  const handler = ssh({ hostKey: ed25519HostKey(new Uint8Array(32).fill(1)) });
  const { signal } = new AbortController();
  const auth = { alpn: ALPN, remoteAddr: { hostname: "stdio", port: 0 } };
  await handler.serve(standardStreams(), { auth, identities, signal });
  Deno.exit(0);
}
