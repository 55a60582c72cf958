import { type Connection, type Handler, NOBODY } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";

import {
  call,
  type CallClient,
  type CallLimits,
  connectCall,
  type Dispatcher,
  type EventEnvelope,
} from "../mod.ts";
import { RawLane, rawLane } from "./raw_lane.ts";

/** What a case wants of its connection. */
export interface CallSetup {
  /** Operations of the side that accepts. */
  readonly dispatcher: Dispatcher;
  /** Operations of the side that dials. Default: none. */
  readonly dialled?: Dispatcher;
  /** Limits of the side that accepts. Default: those of the handler. */
  readonly limits?: Partial<CallLimits>;
}

/** Two ends that speak the protocol. */
export interface CallPair extends AsyncDisposable {
  /** Of the side that dialled. */
  readonly client: CallClient;
  /** Of the side that accepted. */
  readonly server: CallClient;
  /** Ends the connection without a word. */
  cut(): void;
}

/** Envelopes written and read by hand. */
export interface RawEnvelopes {
  /** Sends envelopes, one after another. */
  send(...events: EventEnvelope[]): Promise<void>;
  /** Sends something that is no envelope. */
  sendGarbage(): Promise<void>;
  /** The next envelope, or undefined at the end. */
  next(): Promise<EventEnvelope | undefined>;
  /** Ends this direction; where there is no half of it, all. */
  end(): Promise<void>;
}

/** One end that speaks the protocol, and one that does so by hand. */
export interface RawPair extends AsyncDisposable {
  /** Of the side that accepted. */
  readonly server: CallClient;
  /** Opens a stream; where there is one only, that one, once. */
  open(): Promise<RawEnvelopes>;
  /** The next stream that the accepting side opens; not there where there is one only. */
  accept(): Promise<RawEnvelopes>;
}

/** Something that carries the protocol: a kind of connection, or WebSockets. */
export interface CallSource {
  /** Whether it has several streams, each of which ends by itself. */
  readonly multiplexed: boolean;
  /** Two ends. */
  connect(setup: CallSetup): Promise<CallPair>;
  /** One end, and one by hand. */
  raw(setup: CallSetup): Promise<RawPair>;
}

/** The end of a connection that dialled; a handler serves the other. */
export interface Dialled extends AsyncDisposable {
  /** Nobody else uses its streams. */
  readonly conn: Connection;
}

/**
 * Makes a source of connections.
 *
 * @param dial Starts the handler behind something, and dials that.
 * @param multiplexed Whether its connections have several streams. Default: true.
 */
export function connectionSource(
  dial: (handler: Handler) => Promise<Dialled>,
  multiplexed = true,
): CallSource {
  const start = async ({ dispatcher, limits }: CallSetup): Promise<Dialled & Accepted> => {
    const accepted = Promise.withResolvers<CallClient>();
    const onConnect = (client: CallClient): void => accepted.resolve(client);
    const dialled = await dial(call({ dispatcher, limits, onConnect }));
    const { conn } = dialled;
    return { conn, accepted: accepted.promise, [Symbol.asyncDispose]: disposer(dialled) };
  };
  return {
    multiplexed,
    async connect(setup): Promise<CallPair> {
      const { conn, accepted, ...rest } = await start(setup);
      const client = connectCall(conn, { dispatcher: setup.dialled });
      return { client, server: await accepted, cut: () => conn.close(), ...rest };
    },
    async raw(setup): Promise<RawPair> {
      const { conn, accepted, ...rest } = await start(setup);
      const incoming = conn.streams[Symbol.asyncIterator]();
      return {
        server: await accepted,
        open: () => rawLane(conn),
        async accept(): Promise<RawEnvelopes> {
          const { value } = await incoming.next();
          return new RawLane(value);
        },
        ...rest,
      };
    },
  };
}

interface Accepted {
  readonly accepted: Promise<CallClient>;
}

/** Cuts the connection first: what is under way must not hold up the end. */
function disposer(dialled: Dialled): () => Promise<void> {
  return async () => {
    dialled.conn.close();
    await dialled[Symbol.asyncDispose]();
  };
}

/**
 * Connections within the process.
 *
 * @param singleStream Whether each has one stream only, as over TLS. Default: false.
 */
export function memorySource(singleStream = false): CallSource {
  return connectionSource((handler) => {
    const [conn, server] = memoryPair({ singleStream });
    const { alpn, remoteAddr, signal } = server;
    const done = handler.accept(server, { auth: { alpn, remoteAddr }, identities: NOBODY, signal });
    return Promise.resolve({ conn, [Symbol.asyncDispose]: () => done });
  }, !singleStream);
}
