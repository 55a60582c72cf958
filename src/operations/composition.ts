import type { Identity } from "@alknet/core";

import { notFound } from "./call_error.ts";
import type { CallRequest, InvokeOptions, OperationContext, OperationEnv } from "./context.ts";
import type { Call, DispatchOptions } from "./dispatch.ts";
import { claimChain, type ForwardedFor } from "./forwarded_for.ts";
import { describePeerRef } from "./peers/peer_ref.ts";
import type { Registration } from "./registration.ts";
import { Run, type RunOptions } from "./run.ts";
import { bareName } from "./spec.ts";

/** A call whose handler runs. */
export interface Running {
  /** What was called. */
  readonly call: Call;
  /** From its start to its end. */
  readonly run: Run;
  /** The registry. */
  readonly options: DispatchOptions;
}

type Grants = Omit<Registration, "operation">;

/** What a handler is told. */
export function handlerContext(grants: Grants, running: Running): OperationContext {
  const { request } = running.call;
  return {
    requestId: request.requestId,
    parentId: request.parentId,
    identity: request.identity,
    identityNow: request.identityNow ?? ((): Identity | undefined => request.identity),
    caller: callerOf(request),
    forwardedFor: request.forwardedFor,
    via: request.via ?? [],
    capabilities: grants.capabilities,
    scopedEnv: grants.scopedEnv,
    deadline: request.deadlineMs,
    signal: running.run.signal,
    metadata: request.metadata ?? {},
    env: compositionEnv(grants, running),
  };
}

/** A stranger's claim is not kept: there is nobody who made it. */
function callerOf(request: CallRequest): ForwardedFor | undefined {
  const { origin, caller, identity, forwardedFor } = request;
  if (origin !== "wire") return caller ?? identity;
  return identity && forwardedFor ? claimChain(identity, forwardedFor) : identity;
}

function compositionEnv(grants: Grants, running: Running): OperationEnv {
  return {
    // Async, so that a refusal is a rejection.
    async invoke(name, input, invoke = {}) {
      const child = composed(name, input, { grants, running, invoke });
      const { dispatcher, call } = child;
      if (!dispatcher) return await running.options.callOnce(call);
      using run = new Run(call.request, call.place);
      run.throwIfOver();
      const request = { ...call.request, signal: run.signal };
      return await run.settle(dispatcher.call(call.name, input, request));
    },
    async *subscribe(name, input, invoke = {}) {
      const { dispatcher, call } = composed(name, input, { grants, running, invoke });
      if (!dispatcher) return yield* running.options.subscribeTo(call);
      using run = new Run(call.request, call.place);
      run.throwIfOver();
      const request = { ...call.request, signal: run.signal };
      yield* dispatcher.subscribe(call.name, input, request);
    },
  };
}

interface Composing {
  readonly grants: Grants;
  readonly running: Running;
  readonly invoke: InvokeOptions;
}

interface Composed {
  readonly call: Call;
  /** Who answers; undefined for the registry itself. */
  readonly dispatcher: ReturnType<NonNullable<DispatchOptions["overlay"]>["find"]>;
}

/** Reachability comes first: what an operation was not given does not exist for it. */
function composed(
  written: string,
  input: unknown,
  { grants, running, invoke }: Composing,
): Composed {
  const name = bareName(written);
  const { options } = running;
  const { peer } = invoke;
  const pinnedTo = peer?.kind === "specific" ? peer.id : undefined;
  if (!grants.scopedEnv.allows(name, pinnedTo)) throw notFound(name);
  const own = peer === undefined && options.find(name) !== undefined;
  const dispatcher = own ? undefined : options.overlay?.find(name, peer);
  if (!own && !dispatcher) {
    throw notFound(peer === undefined ? name : `${name} on ${describePeerRef(peer)}`);
  }
  const place: RunOptions = { parent: running.run, policy: invoke.policy };
  return {
    dispatcher,
    call: { name, input, request: childRequest(grants, running, invoke), place },
  };
}

/** A child inherits the deadline, who is at the root, and the way here; not scopes or metadata. */
function childRequest(grants: Grants, { call }: Running, invoke: InvokeOptions): CallRequest {
  const { request } = call;
  const caller = callerOf(request);
  const deadlineMs = Math.min(
    request.deadlineMs ?? Infinity,
    invoke.timeoutMs === undefined ? Infinity : Date.now() + invoke.timeoutMs,
  );
  return {
    requestId: crypto.randomUUID(),
    parentId: request.requestId,
    ...(grants.authority ? { identity: grants.authority } : {}),
    ...(caller ? { caller } : {}),
    ...(request.via ? { via: request.via } : {}),
    ...(deadlineMs === Infinity ? {} : { deadlineMs }),
    signal: invoke.signal ?? new AbortController().signal,
    metadata: invoke.metadata ?? {},
    onLeftBehind: request.onLeftBehind,
    origin: "internal",
  };
}
