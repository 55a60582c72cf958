import {
  ConnectionClosedError,
  EnrolmentError,
  IdentityConflictError,
  ListenError,
  ScopeError,
  StoreBackendError,
  StoreNotFoundError,
  StoreSerializationError,
} from "@alknet/core";
import { SftpError, StatusCode, VerifyError } from "@alknet/sftp";
import { StoreCopyError, StoreUrlError } from "@alknet/store";
import { DialError, TargetError, TicketError } from "@alknet/client";
import {
  AgentSocketError,
  KeyFileError,
  MnemonicError,
  SecretInputError,
  VaultFileError,
  WrongPassphraseError,
} from "@alknet/vault";
import { CommanderError } from "commander";
import { CliError, ExitCode, type SSH_FAILED } from "./errors.ts";

/** The exit code that an error of any package stands for. */
export function exitCodeOf(error: unknown): ExitCode | typeof SSH_FAILED {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
  if (error instanceof DialError) {
    return error.failure === "wrong-key" ? ExitCode.Refused : ExitCode.Unreachable;
  }
  if (error instanceof ConnectionClosedError) {
    return error.info.code === 4 ? ExitCode.Refused : ExitCode.Unreachable;
  }
  if (error instanceof ListenError) return ExitCode.Unavailable;
  if (error instanceof IdentityConflictError) return ExitCode.Config;
  if (error instanceof StoreBackendError) return ExitCode.Unavailable;
  if (error instanceof EnrolmentError) return ExitCode.Refused;
  if (error instanceof SftpError) return SFTP_CODES.get(error.status) ?? ExitCode.Incomplete;
  if (error instanceof VerifyError) return ExitCode.Incomplete;
  if (USAGE.some((type) => error instanceof type)) return ExitCode.Usage;
  return LOCKED.some((type) => error instanceof type) ? ExitCode.Locked : ExitCode.Failed;
}

/** What helps beyond the message itself, where this program knows; else nothing. */
export function adviceFor(error: unknown): string {
  if (error instanceof ConnectionClosedError && error.info.reason === "not-accepted") {
    return '; its owner can let you in: alknet peer add NAME --node-id ID, with the id from "alknet id"';
  }
  if (error instanceof WrongPassphraseError) {
    return "; the words open it anew: alknet init --restore";
  }
  if (error instanceof ListenError && /in use/i.test(error.message)) {
    return "; another program has the port: choose one with --listen";
  }
  return "";
}

const SFTP_CODES: ReadonlyMap<StatusCode, ExitCode> = new Map([
  [StatusCode.PermissionDenied, ExitCode.Refused],
  [StatusCode.NoConnection, ExitCode.Unreachable],
  [StatusCode.ConnectionLost, ExitCode.Unreachable],
]);

const USAGE = [
  TargetError,
  TicketError,
  ScopeError,
  MnemonicError,
  StoreNotFoundError,
  StoreSerializationError,
  StoreUrlError,
  StoreCopyError,
];

const LOCKED = [
  WrongPassphraseError,
  KeyFileError,
  VaultFileError,
  SecretInputError,
  AgentSocketError,
];

/** Whether an error is one that people are meant to read, rather than a defect of ours. */
export function isExpected(error: unknown): boolean {
  return exitCodeOf(error) !== ExitCode.Failed;
}
