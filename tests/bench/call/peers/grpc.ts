import grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";

import type { Reach, RpcClient, RpcPeer } from "../rpc.ts";
import { certificate } from "./certificate.ts";

/** Text as it is: less work than messages of protobuf would be, so that the bar is a high one. */
const text = {
  requestSerialize: (value: string) => Buffer.from(value),
  requestDeserialize: (bytes: Buffer) => bytes.toString(),
  responseSerialize: (value: string) => Buffer.from(value),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
};
const METHOD = { path: "/bench/Echo", requestStream: false, responseStream: false, ...text };

/** @grpc/grpc-js at both ends, over TLS. Runs on Node too: nothing of Deno's own in it. */
export const grpcPeer: RpcPeer = {
  async serve(): Promise<Reach> {
    const { cert, key } = certificate();
    const server = new grpc.Server();
    server.addService({ Echo: METHOD }, {
      Echo: (call: grpc.ServerUnaryCall<string, string>, done: grpc.sendUnaryData<string>) =>
        done(null, call.request),
    });
    const pair = { "cert_chain": Buffer.from(cert), "private_key": Buffer.from(key) };
    const credentials = grpc.ServerCredentials.createSsl(null, [pair]);
    const port = await new Promise<number>((resolve, reject) =>
      // Node 20 has no withResolvers
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      })
    );
    return { port, anchor: cert };
  },
  connect({ port, anchor }): Promise<RpcClient> {
    const credentials = grpc.credentials.createSsl(Buffer.from(anchor));
    const options = { "grpc.ssl_target_name_override": "localhost" };
    const client = new grpc.Client(`127.0.0.1:${port}`, credentials, options);
    const { path, requestSerialize, responseDeserialize } = METHOD;
    const call = (value: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const done = (error: Error | null, answer?: string): void => {
          if (error) reject(error);
          else resolve(answer ?? "");
        };
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, value, done);
      });
    return Promise.resolve({ call });
  },
};
