/**
 * A node with SFTP, by itself and within SSH on a plain port, as a process of its own:
 * `node.ts ROOT FINGERPRINT [SSH-KEY]` prints where it is as JSON. The key is a wire form in Base64.
 */
import { ConfigIdentities, serve } from "@alknet/core";
import { localFiles, sftp, sftpService } from "@alknet/sftp";
import { ed25519HostKey, listenPlain, ssh } from "@alknet/ssh";

const [root = ".", owner = "", sshKey] = Deno.args;
const files = await localFiles(root);
const client = {
  peerId: "bench",
  fingerprints: [],
  scopes: ["ssh:*"],
  resources: {},
  enabled: true,
};
const identities = new ConfigIdentities({
  peers: sshKey ? [{ ...client, sshKeys: [sshKey] }] : [],
  tokens: [],
  owner,
});
const node = await serve({
  hostname: "127.0.0.1",
  identities,
  handlers: [sftp({ files: () => files })],
});
const overSsh = ssh({
  hostKey: ed25519HostKey(crypto.getRandomValues(new Uint8Array(32))),
  subsystems: new Map([["sftp", sftpService({ files: () => files })]]),
});
const plain = listenPlain(overSsh, { address: { hostname: "127.0.0.1", port: 0 }, identities });
const ready = JSON.stringify({
  nodeId: node.nodeId,
  port: node.addr.port,
  sshPort: plain.addr.port,
});
await Deno.stdout.write(new TextEncoder().encode(`${ready}\n`));
