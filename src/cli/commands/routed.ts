import type { CallSession } from "../calling/call_session.ts";
import { CliError, ExitCode } from "../errors.ts";

/** Whom the target is to ask; itself where nothing is said. */
export interface Whom {
  /** The peer of that name, and no other. */
  readonly peer?: string;
  /** Any that has the operation. */
  readonly any?: boolean;
  /** Which one. */
  readonly policy?: string;
}

/** An operation and its input. */
export interface Asked {
  readonly name: string;
  readonly input: unknown;
}

/**
 * What to ask the target for, so that it or its peers do what is wanted, and of which type that is.
 *
 * @throws {CliError} When the options contradict each other.
 */
export async function routed(
  session: CallSession,
  { name, input }: Asked,
  { peer, any, policy }: Whom,
): Promise<Asked & { readonly type: unknown }> {
  if (peer !== undefined && (any || policy !== undefined)) {
    throw new CliError("--peer names one: leave --any and --policy out", ExitCode.Usage);
  }
  if (peer === undefined && !any && policy === undefined) {
    return { name, input, type: (await session.spec(name)).type };
  }
  const listed = await session.call("services/list-peers", {});
  const type = typeAmong(listed, bare(name), peer);
  const whom = peer === undefined ? { policy } : { peer };
  return {
    name: type === "subscription" ? "peers/subscribe" : "peers/call",
    input: { ...whom, operation: bare(name), input },
    type,
  };
}

/** Undefined where no peer has it: asking for it then says why. */
function typeAmong(peers: unknown, name: string, peer: string | undefined): unknown {
  const wanted = listOf(peers).filter((each) =>
    peer === undefined || memberOf(each, "peer") === peer
  );
  const found = wanted.flatMap((each) => listOf(memberOf(each, "operations")))
    .find((each) => memberOf(each, "name") === name);
  return memberOf(found, "type");
}

function bare(name: string): string {
  return name.replace(/^\//, "");
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
