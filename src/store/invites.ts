import { createHash } from "node:crypto";
import { hashToken, type StoredPeer } from "@alknet/core";
import type { Selectable } from "kysely";
import { checkScopes, checkText, checkTexts, checkTime } from "./checks.ts";
import { IdentityConflictError, InviteRefusedError, StoreNotFoundError } from "./errors.ts";
import { listText, parseList } from "./json_columns.ts";
import { writePeer, type Writing } from "./peer_rows.ts";
import type { InvitesTable } from "./schema.ts";
import type { StoreContext } from "./store_context.ts";

/** An invitation, without its secret. */
export interface Invite {
  /** Public name. */
  readonly id: string;
  /** What the peer that uses it may do. */
  readonly scopes: readonly string[];
  /** Groups the peer joins. */
  readonly groups: readonly string[];
  /** For whom it is, in the inviter's words. */
  readonly note?: string;
  /** When it was made. */
  readonly createdAt: Date;
  /** From when on it is refused. */
  readonly expiresAt: Date;
  /** When it was used; undefined while it is open. */
  readonly usedAt?: Date;
  /** The peer that used it. */
  readonly usedBy?: string;
}

/** What an invitation grants. */
export interface InviteOptions {
  /** Scopes of the new peer. Default: none. */
  readonly scopes?: readonly string[];
  /** Groups of the new peer. Default: none. */
  readonly groups?: readonly string[];
  /** For whom it is. Default: nothing. */
  readonly note?: string;
  /** From when on it is refused. Default: in an hour. */
  readonly expiresAt?: Date;
}

/** A peer as it enrols: what it may do comes from the invitation. */
export type Enrolment =
  & Pick<StoredPeer, "peerId" | "fingerprints">
  & Partial<Pick<StoredPeer, "sshKeys" | "displayName" | "nodeId" | "addresses">>;

const SECRET_BYTES = 20;
const DEFAULT_LIFE_MS = 3_600_000;
/** Longest text looked at as a secret, in characters. */
const MAX_SECRET_CHARACTERS = 128;

/** One-time invitations. */
export class Invites {
  readonly #context: StoreContext;

  /** Made by `openStore`. */
  constructor(context: StoreContext) {
    this.#context = context;
  }

  /**
   * Makes an invitation.
   *
   * @returns It, and the secret of 160 bits that is shown once: only its hash is kept.
   */
  create(options: InviteOptions = {}): Promise<{ invite: Invite; secret: string }> {
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toHex();
    return this.#context.change(async ({ tx, touch, now }) => {
      const row = inviteRow(options, secret, now);
      await tx.insertInto("invites").values(row).execute();
      touch("invites", row.id);
      return { invite: inviteOf(row), secret };
    });
  }

  /**
   * Uses an invitation and adds the peer, both or neither. Of many who try at once one succeeds.
   *
   * @returns The peer as it was added.
   * @throws {InviteRefusedError} When the invitation is unknown, used or expired.
   * @throws {IdentityConflictError} When the peer's id or key is taken; the invitation stays open.
   */
  redeem(secret: string, enrolment: Enrolment): Promise<StoredPeer> {
    return this.#context.change(async (writing) => {
      const invite = await spend(writing, secret, enrolment.peerId);
      await refuseTakenId(writing, enrolment.peerId);
      const peer: StoredPeer = {
        sshKeys: [],
        ...enrolment,
        scopes: invite.scopes,
        groups: invite.groups,
        resources: {},
        enabled: true,
      };
      await writePeer(writing, peer);
      return peer;
    });
  }

  /** All invitations, the latest first. */
  async list(): Promise<Invite[]> {
    const rows = await this.#context.backend.db.selectFrom("invites").selectAll()
      .orderBy("created_at", "desc")
      .execute();
    return rows.map(inviteOf);
  }

  /**
   * Takes an invitation back.
   *
   * @throws {StoreNotFoundError} When there is none with this id.
   */
  revoke(id: string): Promise<void> {
    return this.#context.change(async ({ tx, touch }) => {
      const { numDeletedRows } = await tx.deleteFrom("invites").where("id", "=", id)
        .executeTakeFirstOrThrow();
      if (numDeletedRows === 0n) throw new StoreNotFoundError("invitation", id);
      touch("invites", id);
    });
  }
}

/** Marks the invitation as used, in one statement: whoever comes second changes no row. */
async function spend({ tx, touch, now }: Writing, secret: string, peerId: string): Promise<Invite> {
  const hash = hashToken(secret.slice(0, MAX_SECRET_CHARACTERS));
  const row = await tx.updateTable("invites").set({ used_at: now, used_by: peerId })
    .where("hash", "=", hash)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    touch("invites", row.id);
    return inviteOf(row);
  }
  const refused = await tx.selectFrom("invites").select("used_at").where("hash", "=", hash)
    .executeTakeFirst();
  throw new InviteRefusedError(
    !refused ? "unknown" : refused.used_at === null ? "expired" : "used",
  );
}

async function refuseTakenId({ tx }: Writing, peerId: string): Promise<void> {
  const taken = await tx.selectFrom("peers").select("peer_id").where("peer_id", "=", peerId)
    .executeTakeFirst();
  if (taken) throw new IdentityConflictError(`Cannot enrol "${peerId}": there is such a peer`);
}

function inviteRow(options: InviteOptions, secret: string, now: number): Selectable<InvitesTable> {
  const expiresAt = options.expiresAt ?? new Date(now + DEFAULT_LIFE_MS);
  return {
    id: createHash("sha256").update(`id ${secret}`).digest("hex").slice(0, 12),
    hash: hashToken(secret),
    scopes: listText(checkScopes(options.scopes ?? [])),
    groups: listText(checkTexts("groups", options.groups ?? [])),
    note: options.note ? checkText("a note", options.note) : null,
    created_at: now,
    expires_at: checkTime("the end of an invitation", expiresAt),
    used_at: null,
    used_by: null,
  };
}

function inviteOf(row: Selectable<InvitesTable>): Invite {
  return {
    id: row.id,
    scopes: parseList(row.scopes),
    groups: parseList(row.groups),
    note: row.note ?? undefined,
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
    usedAt: row.used_at === null ? undefined : new Date(row.used_at),
    usedBy: row.used_by ?? undefined,
  };
}
