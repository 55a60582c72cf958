/**
 * A node with SSH on QUIC, TLS and plain TCP as a process of its own: `node.ts KEY`, where KEY is
 * the wire form of the client's public key in Base64, prints where it is as JSON.
 */
import { ConfigIdentities, serve } from "@alknet/core";
import { ed25519HostKey, listenPlain, nodeAccount, ssh } from "@alknet/ssh";

import { giveBackSpareMemory } from "../../../src/cli/node/spare_memory.ts";

const [key = ""] = Deno.args;
const client = {
  peerId: "bench",
  fingerprints: [],
  sshKeys: [key],
  scopes: ["ssh:*"],
  resources: {},
  enabled: true,
};
const identities = new ConfigIdentities({ peers: [client], tokens: [] });
const hostKey = ed25519HostKey(crypto.getRandomValues(new Uint8Array(32)));
/** As with sshd here, a command does not wait for what is in ~/.bashrc. */
const account = { ...await nodeAccount(), prefix: ["env", "SHLVL=2"] };
const handler = ssh({ hostKey, accountOf: () => Promise.resolve(account) });
giveBackSpareMemory(); // as alknet serve does
const node = await serve({ hostname: "127.0.0.1", identities, handlers: [handler] });
const plain = listenPlain(handler, { address: { hostname: "127.0.0.1", port: 0 }, identities });
const ready = JSON.stringify({
  target: `${node.nodeId}@127.0.0.1:${node.addr.port}`,
  tcpPort: plain.addr.port,
});
await Deno.stdout.write(new TextEncoder().encode(`${ready}\n`));
