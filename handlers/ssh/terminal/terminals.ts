import {
  type HandlerContext,
  hasScope,
  type Identity,
  type OpenTerminal,
  type Stream,
  type TerminalOffer,
  type TerminalRefusal,
  TerminalRefusedError,
  type TerminalRequest,
  type TerminalService,
} from "@alknet/core";

import type { Login } from "../auth/login.ts";
import { IdentityCounter } from "../identity_counter.ts";
import type { SharedServices } from "../live_session.ts";
import type { LiveSessions } from "../live_sessions.ts";
import { nodeAccount } from "../session/account.ts";
import { type TerminalCounters, zeroTerminalCounters } from "./limits.ts";
import { LiveTerminal, SHELL_SCOPE } from "./live_terminal.ts";

/**
 * Terminals for other handlers: whoever could have a shell by SSH can have one here, on the same
 * account, recorded alike, listed and ended with the sessions of SSH.
 */
export class Terminals implements TerminalService {
  /** What became of them. */
  readonly counters: TerminalCounters = zeroTerminalCounters();
  readonly #shared: SharedServices;
  readonly #sessions: LiveSessions;
  readonly #places: IdentityCounter;

  /** Puts them among `sessions`. */
  constructor(shared: SharedServices, sessions: LiveSessions) {
    this.#shared = shared;
    this.#sessions = sessions;
    this.#places = new IdentityCounter(shared.limits.maxTerminals);
  }

  async offer(identity: Identity | undefined): Promise<TerminalOffer> {
    const refusal = this.#refusal(identity);
    if (refusal || !identity) return { refusal: refusal ?? "scope" };
    const users = this.#usersOf(identity);
    if (users.length === 0) return { refusal: "account" };
    return await this.#shared.pty() ? { users } : { refusal: "unavailable" };
  }

  async open(
    stream: Stream,
    ctx: HandlerContext,
    request: TerminalRequest,
  ): Promise<OpenTerminal> {
    const { identity } = ctx.auth;
    const offer = await this.offer(identity);
    if ("refusal" in offer) throw this.#refused(offer.refusal);
    if (!identity || !offer.users.includes(request.user)) throw this.#refused("account");
    const leave = this.#places.enter(identity.id);
    if (!leave) throw this.#refused("limit");
    try {
      const live = await this.#start(stream, ctx, request);
      live.ended.then(leave);
      return { ended: live.told, resize: (size) => live.resize(size) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #start(
    stream: Stream,
    ctx: HandlerContext,
    request: TerminalRequest,
  ): Promise<LiveTerminal> {
    const shared = this.#shared;
    const login = loginOf(ctx, request);
    const { accountOf = nodeAccount } = shared.options;
    const [account, provider] = await Promise.all([accountOf(login), shared.pty()]);
    if (!account || !provider) throw this.#refused(account ? "unavailable" : "account");
    const id = this.#sessions.nextId();
    const { counters } = this;
    const live = await LiveTerminal.start(stream, {
      id,
      login,
      account,
      provider,
      ctx,
      request,
      shared,
      counters,
    });
    this.#sessions.add(id, live);
    counters.opened++;
    counters.open++;
    live.ended.then(() => counters.open--);
    return live;
  }

  /** A second factor belongs to a login, and nobody asks for one here. */
  #refusal(identity: Identity | undefined): TerminalRefusal | undefined {
    const { shell = true, secondFactorOf } = this.#shared.options;
    if (!shell) return "off";
    if (!hasScope(identity, SHELL_SCOPE)) return "scope";
    return identity && secondFactorOf?.(identity) ? "second-factor" : undefined;
  }

  #usersOf(identity: Identity): readonly string[] {
    return this.#shared.options.usersOf?.(identity) ?? [identity.id];
  }

  #refused(refusal: TerminalRefusal): TerminalRefusedError {
    if (refusal === "limit") this.counters.refusedLimit++;
    else this.counters.refused++;
    return new TerminalRefusedError(refusal);
  }
}

function loginOf({ auth }: HandlerContext, { user }: TerminalRequest): Login {
  return { user, identity: () => auth.identity, method: "terminal", restrictions: {} };
}
