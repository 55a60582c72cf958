import { connect, type NatsConnection } from "@nats-io/transport-node";
import { spawn } from "node:child_process";
import process from "node:process";

import type { Reach, RpcClient, RpcPeer } from "../rpc.ts";
import { certificate } from "./certificate.ts";

const READY = /Server is ready/;
const LISTENING = /Listening for client connections on .*:(\d+)/;

/** The nats-server of Debian, with @nats-io/transport-node at both ends of it, over TLS. */
export const natsPeer: RpcPeer = {
  async serve(): Promise<Reach> {
    const { certFile, keyFile, cert } = certificate();
    const reach = { port: await broker(certFile, keyFile), anchor: cert };
    const conn = await connected(reach);
    conn.subscribe("bench.echo", {
      callback: (_, message) => void message.respond(message.data),
    });
    await conn.flush();
    return reach;
  },
  async connect(reach): Promise<RpcClient> {
    const conn = await connected(reach);
    const call = async (value: string): Promise<string> =>
      (await conn.request("bench.echo", value, { timeout: 30_000 })).string();
    return { call };
  },
};

function connected({ port, anchor }: Reach): Promise<NatsConnection> {
  return connect({ servers: `localhost:${port}`, tls: { ca: anchor } });
}

/** Starts the server on a free port; it ends with this process. */
async function broker(certFile: string, keyFile: string): Promise<number> {
  const tls = ["--tls", "--tlscert", certFile, "--tlskey", keyFile];
  const child = spawn("nats-server", ["-a", "127.0.0.1", "-p", "-1", ...tls], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      child.kill();
      process.exit();
    });
  }
  let log = "";
  for await (const chunk of child.stderr) {
    log += chunk;
    if (READY.test(log)) break;
  }
  const port = Number(LISTENING.exec(log)?.[1]);
  if (port > 0) return port;
  throw new RangeError(`Cannot start nats-server: ${log.slice(-500)}`);
}
