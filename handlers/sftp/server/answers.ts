import type { SftpRequest } from "../wire/requests.ts";
import { BASIC_ANSWERS } from "./basic_answers.ts";
import { EXTENDED_ANSWERS } from "./extended_answers.ts";
import type { Answers, RequestOf, SessionState } from "./state.ts";

const ANSWERS: Answers<SftpRequest["kind"]> = { ...BASIC_ANSWERS, ...EXTENDED_ANSWERS };

/**
 * Carries out a request.
 *
 * @returns The answer as a packet.
 * @throws {SftpError} For what the client is to be told.
 */
export function answer<K extends SftpRequest["kind"]>(
  state: SessionState,
  request: RequestOf<K>,
): Promise<Uint8Array> {
  const answers: Answers<K> = ANSWERS;
  return answers[request.kind as K](state, request);
}
