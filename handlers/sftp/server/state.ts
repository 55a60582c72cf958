import type { FileBackend } from "../backend.ts";
import type { SftpRequest } from "../wire/requests.ts";
import type { Handles } from "./handles.ts";
import type { SftpLimits } from "./limits.ts";
import type { ReplyRooms } from "./reply_rooms.ts";

/** What requests work on. */
export interface SessionState {
  readonly backend: FileBackend;
  readonly handles: Handles;
  readonly limits: SftpLimits;
  /** Where replies with data are made. */
  readonly rooms: ReplyRooms;
  /** Aborts when the session is over: long requests end then. */
  readonly signal: AbortSignal;
}

/** A request of one kind. */
export type RequestOf<K extends SftpRequest["kind"]> = Extract<SftpRequest, { readonly kind: K }>;

/** For each kind of request, how it is carried out; the result is a packet. */
export type Answers<K extends SftpRequest["kind"]> = {
  readonly [Kind in K]: (state: SessionState, request: RequestOf<Kind>) => Promise<Uint8Array>;
};
