/** A node with SFTP as a process of its own: `node.ts ROOT FINGERPRINT` prints where it is as JSON. */
import { ConfigIdentities, serve } from "@alknet/core";
import { localFiles, sftp } from "@alknet/sftp";

const [root = ".", owner = ""] = Deno.args;
const files = await localFiles(root);
const node = await serve({
  hostname: "127.0.0.1",
  identities: new ConfigIdentities({ peers: [], tokens: [], owner }),
  handlers: [sftp({ files: () => files })],
});
const ready = JSON.stringify({ nodeId: node.nodeId, port: node.addr.port });
await Deno.stdout.write(new TextEncoder().encode(`${ready}\n`));
