import type { Identity } from "@alknet/core";

import type { Capabilities } from "./capabilities.ts";
import type { ForwardedFor } from "./forwarded_for.ts";
import type { PeerRef } from "./peers/peer_ref.ts";

/** What a transport knows of a call. */
export interface CallRequest {
  /** Chosen by the caller, unique among its live calls. */
  readonly requestId: string;
  /** The call this one was made for. */
  readonly parentId?: string;
  /** Whose scopes count; undefined for a stranger. */
  readonly identity?: Identity;
  /** The same as of now, where the transport follows changes. Default: as it was. */
  readonly identityNow?: () => Identity | undefined;
  /** For whom a peer says it calls: a claim, never authority. */
  readonly forwardedFor?: ForwardedFor;
  /** For a composed call: who made the call at its root, with its claim. Never authority. */
  readonly caller?: ForwardedFor;
  /** Ids of the nodes that the request has passed, the first one first. Default: none. */
  readonly via?: readonly string[];
  /** When to give up, in milliseconds since 1970. Default: never. */
  readonly deadlineMs?: number;
  /** Whether the signal aborts at the deadline, so that nobody else needs a timer. Default: false. */
  readonly keepsDeadline?: boolean;
  /** Ends the call when aborted. */
  readonly signal: AbortSignal;
  /** Whatever the transport tells handlers; no secrets. Default: nothing. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * Told of work that goes on although its call has failed: a handler that ignores its signal. The
   * promise never rejects. Composed calls tell it too. Default: nobody is told.
   */
  readonly onLeftBehind?: ((work: Promise<unknown>) => void) | undefined;
  /** Calls from the wire reach no internal operation. */
  readonly origin: "wire" | "internal";
}

/** What transports stand on: everything callable by name. */
export interface Dispatcher {
  /**
   * Calls a query or mutation.
   *
   * @throws {CallError} Whatever went wrong.
   */
  call(name: string, input: unknown, request: CallRequest): Promise<unknown>;
  /**
   * Subscribes. Nothing happens before the first `next()`, and each asks the handler for one item,
   * so that a slow consumer slows the producer. Iterating throws {@linkcode CallError}.
   */
  subscribe(name: string, input: unknown, request: CallRequest): AsyncIterable<unknown>;
  /** The type of an operation; undefined where there is none. */
  kindOf(name: string): OperationType | undefined;
}

/** A query reads, a mutation changes something, a subscription yields items until it ends. */
export type OperationType = "query" | "mutation" | "subscription";

/** What becomes of a composed call when the call that made it is aborted. */
export type AbortPolicy =
  /** It is aborted too, started or not; and when its parent ends, in whatever way. */
  | "abort-dependents"
  /** It finishes if it has started; it does not start any more if not. */
  | "continue-running";

/** Settings of a composed call. */
export interface InvokeOptions {
  /** The peers to ask, and not this node. Default: this node, else the first peer that has it. */
  readonly peer?: PeerRef;
  /** Default: the parent's. */
  readonly policy?: AbortPolicy;
  /** Gives up earlier than the parent's deadline. Default: at the deadline. */
  readonly timeoutMs?: number;
  /** Ends the call when aborted. Default: the policy alone decides. */
  readonly signal?: AbortSignal;
  /** Default: nothing; the parent's is not passed on. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** How a handler calls other operations, under its own composition authority. */
export interface OperationEnv {
  /**
   * Calls a query or mutation.
   *
   * @throws {CallError} NOT_FOUND for what this operation was not given to reach; else as the call.
   */
  invoke(name: string, input: unknown, options?: InvokeOptions): Promise<unknown>;
  /** Subscribes, see {@linkcode Dispatcher.subscribe}. */
  subscribe(name: string, input: unknown, options?: InvokeOptions): AsyncIterable<unknown>;
}

/** What a handler may reach by composition. */
export interface ScopedEnv {
  /** Whether it may call a name on whoever has it (no peer), or on a certain peer. */
  allows(name: string, peer?: string): boolean;
}

/** What a handler is told beside its input. */
export interface OperationContext {
  /** The call. */
  readonly requestId: string;
  /** The call it was made for; undefined at the root. */
  readonly parentId?: string | undefined;
  /** Whose scopes admitted the call: the caller's, or the composing operation's authority. */
  readonly identity?: Identity | undefined;
  /** The same as of now: scopes may have changed while a subscription runs. */
  identityNow(): Identity | undefined;
  /** Who made the call at the root, and for whom that one said to; never authority. */
  readonly caller?: ForwardedFor | undefined;
  /** For whom the peer says it calls: a claim, never authority; not passed on to composed calls. */
  readonly forwardedFor?: ForwardedFor | undefined;
  /** Ids of the nodes that the request at the root has passed before this one. */
  readonly via: readonly string[];
  /** Secrets this operation was registered with. */
  readonly capabilities: Capabilities;
  /** What {@linkcode OperationContext.env} reaches. */
  readonly scopedEnv: ScopedEnv;
  /** When the call ends unfinished, in milliseconds since 1970. */
  readonly deadline?: number | undefined;
  /** Aborted when the caller gives up, the deadline passes, or the call is over. */
  readonly signal: AbortSignal;
  /** What the transport tells. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Other operations. */
  readonly env: OperationEnv;
}
