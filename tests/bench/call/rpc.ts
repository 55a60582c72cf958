/** What every peer of the benchmark does: a request of some text, and the same text back. */
export interface RpcClient {
  /** One request and its answer. */
  call(text: string): Promise<string>;
  /** Items of 100 bytes, or of what is asked for; only ours has them. */
  subscribe?(bytes: number): AsyncIterable<unknown>;
}

/** What a client needs to reach a server. */
export interface Reach {
  readonly port: number;
  /** Certificate to trust, PEM; the node id for ours. */
  readonly anchor: string;
}

/** One way to call. */
export interface RpcPeer {
  /** Starts answering. */
  serve(): Promise<Reach>;
  /** Connects to what answers. */
  connect(reach: Reach): Promise<RpcClient>;
}

/** What a client process is told to do. */
export type Command =
  | { readonly kind: "calls"; readonly concurrency: number; readonly durationMs: number }
  | {
    readonly kind: "items";
    readonly bytes: number;
    readonly pauseEveryMs: number;
    readonly durationMs: number;
  };

/** What came of it. */
export interface Outcome {
  readonly ops: number;
  readonly seconds: number;
  /** Latencies in milliseconds; NaN for items. */
  readonly p50: number;
  readonly p99: number;
}
