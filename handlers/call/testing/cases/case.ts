import type { EventEnvelope } from "../../mod.ts";
import type { CallComplianceCase } from "../compliance.ts";
import { Operations } from "../operations.ts";
import type { CallPair, CallSetup, CallSource, RawPair } from "../source.ts";

/** What a case on two ends gets. */
export interface CasePair extends CallPair {
  /** Operations of the accepting side. */
  readonly ops: Operations;
}

/** What a case by hand gets. */
export interface CaseRaw extends RawPair {
  /** Operations of the accepting side. */
  readonly ops: Operations;
}

/** A case on two ends that speak the protocol. */
export function single(
  name: string,
  test: (pair: CasePair) => Promise<void>,
  setup: Omit<CallSetup, "dispatcher"> = {},
): CallComplianceCase {
  const run = async (source: CallSource): Promise<void> => {
    const ops = new Operations();
    await using pair = await source.connect({ dispatcher: ops, ...setup });
    await test(Object.assign(pair, { ops }));
  };
  return { name, multiplexed: false, run };
}

/** A case with one end by hand. */
export function byHand(
  name: string,
  test: (pair: CaseRaw) => Promise<void>,
  setup: Omit<CallSetup, "dispatcher"> = {},
): CallComplianceCase {
  const run = async (source: CallSource): Promise<void> => {
    const ops = new Operations();
    await using pair = await source.raw({ dispatcher: ops, ...setup });
    await test(Object.assign(pair, { ops }));
  };
  return { name, multiplexed: false, run };
}

/** The same for sources of several streams only. */
export function severalStreams(each: CallComplianceCase): CallComplianceCase {
  return { ...each, multiplexed: true };
}

/** The code of a `call.error`. */
export function codeOf(event: EventEnvelope | undefined): unknown {
  const payload = event?.payload;
  return typeof payload === "object" && payload && "code" in payload ? payload.code : undefined;
}

/** An answer. */
export function answer(id: string, output: unknown): EventEnvelope {
  return { type: "call.responded", id, payload: { output } };
}
