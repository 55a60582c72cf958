import { type CallClient, callOverWebSocket, type EventEnvelope } from "../mod.ts";
import type { CallPair, CallSetup, CallSource, RawEnvelopes, RawPair } from "../testing/mod.ts";
import { RawSocket, serveSockets } from "./sockets.ts";

/** WebSockets to a server in this process. */
export function socketSource(): CallSource {
  return { multiplexed: false, connect, raw };
}

async function connect({ dialled, ...setup }: CallSetup): Promise<CallPair> {
  const { server, accepted } = listen(setup);
  const socket = new WebSocket(server.url);
  const client = callOverWebSocket(socket, { dispatcher: dialled });
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  return {
    client,
    server: await accepted,
    cut: () => socket.close(),
    async [Symbol.asyncDispose](): Promise<void> {
      socket.close();
      await closed;
      await server[Symbol.asyncDispose]();
    },
  };
}

async function raw(setup: CallSetup): Promise<RawPair> {
  const { server, accepted } = listen(setup);
  const socket = new RawSocket(server.url);
  return {
    server: await accepted,
    open: () => Promise.resolve(envelopes(socket)),
    accept: () => Promise.reject(new TypeError("A WebSocket has one stream")),
    async [Symbol.asyncDispose](): Promise<void> {
      await socket[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function listen(
  setup: CallSetup,
): { server: ReturnType<typeof serveSockets>; accepted: Promise<CallClient> } {
  const accepted = Promise.withResolvers<CallClient>();
  const onSocket = (client: CallClient): void => accepted.resolve(client);
  return { server: serveSockets({ ...setup, onSocket }), accepted: accepted.promise };
}

function envelopes(socket: RawSocket): RawEnvelopes {
  return {
    send: (...events: EventEnvelope[]) => socket.send(...events),
    sendGarbage: () => socket.write(new Uint8Array([1])),
    next: () => socket.next(),
    end: () => socket[Symbol.asyncDispose](),
  };
}
