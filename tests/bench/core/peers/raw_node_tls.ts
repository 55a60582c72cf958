import type { AddressInfo } from "node:net";
import * as tls from "node:tls";

import { ALPN, CHUNK, Op } from "../protocol.ts";
import { benchLeaf } from "./key.ts";

/** node:tls with nothing around it and callbacks to the bottom, with the options that ours has. */
export async function startRawNodeTls(): Promise<number> {
  const { cert, key } = await benchLeaf();
  const server = tls.createServer({
    cert,
    key,
    ALPNProtocols: [ALPN],
    requestCert: true,
    rejectUnauthorized: false,
    noDelay: true,
    allowHalfOpen: true,
    minVersion: "TLSv1.3",
  });
  server.on("secureConnection", serveSocket);
  const listening = Promise.withResolvers<void>();
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => listening.resolve());
  await listening.promise;
  return (server.address() as AddressInfo).port;
}

function serveSocket(socket: tls.TLSSocket): void {
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.once("data", (first: Uint8Array) => {
    if (first[0] === Op.Echo) echo(socket, first);
    else if (first[0] === Op.Sink) {
      socket.on("data", () => {}).prependListener("end", () => socket.write(ONE_BYTE));
    } else source(socket, first.subarray(1));
  });
}

const ONE_BYTE = new Uint8Array(1);

function echo(socket: tls.TLSSocket, first: Uint8Array): void {
  socket.write(first);
  socket.on("data", (data: Uint8Array) => socket.write(data));
}

function source(socket: tls.TLSSocket, first: Uint8Array): void {
  const answer = (request: Uint8Array): void => {
    const { buffer, byteOffset } = request;
    if (request.length >= 4) send(socket, new DataView(buffer, byteOffset).getUint32(0));
    else if (request.length > 0) socket.destroy(); // the client writes requests whole
  };
  answer(first);
  socket.on("data", answer);
}

function send(socket: tls.TLSSocket, bytes: number): void {
  for (let left = bytes; left > 0;) {
    const part = left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left);
    left -= part.length;
    if (!socket.write(part) && left > 0) return void socket.once("drain", () => send(socket, left));
  }
}
