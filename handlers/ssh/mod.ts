/**
 * SSH over any stream: shells, commands, subsystems, forwarding.
 *
 * A stream's way through this package: `engine/` (keys and packets, RFC 4253) → `auth/` (who it is,
 * RFC 4252) → `channel/` (channels and requests, RFC 4254) → `session/` (programs and terminals) and
 * `forward/` (ports and sockets). `ssh.ts` is the handler.
 *
 * ```ts
 * import { serve } from "@alknet/core";
 * import { ed25519HostKey, ssh } from "@alknet/ssh";
 * import { ok } from "node:assert/strict";
 *
 * const hostKey = ed25519HostKey(crypto.getRandomValues(new Uint8Array(32)));
 * await using node = await serve({ hostname: "127.0.0.1", handlers: [ssh({ hostKey })] });
 * ok(node.addr.port > 0);
 * ```
 *
 * @module
 */
export type { Login, LoginRestrictions, Prompt, SecondFactor } from "./auth/login.ts";
export { checkedBanner } from "./auth/banner.ts";
export { parseKeyOptions } from "./auth/key_options.ts";
export type { LoginRules } from "./auth/login_policy.ts";
export type { ThrottleLimits } from "./auth/source_throttle.ts";
export type { AuthLimits } from "./auth/user_auth.ts";
export { sshFingerprint } from "./auth/user_key.ts";
export { Channel } from "./channel/channel.ts";
export type {
  ChannelHost,
  ChannelRequest,
  ChannelStart,
  RequestVerdict,
} from "./channel/channel_host.ts";
export { type ChannelLimits, DEFAULT_CHANNEL_LIMITS } from "./channel/limits.ts";
export { Multiplexer } from "./channel/multiplexer.ts";
export type { ChannelOffer, GlobalRequest, MultiplexerHooks } from "./channel/multiplexer_hooks.ts";
export * from "./client/client_session.ts";
export type { ClientKey, ClientLoginOptions } from "./client/login.ts";
export * from "./client/remote_listeners.ts";
export * from "./client/remote_program.ts";
export * from "./client/ways.ts";
export * from "./engine/host_key_adapter.ts";
export { readKeyFile, SshKeyFileError, type SshKeyFileFault } from "./engine/key_file_adapter.ts";
export {
  DEFAULT_TRANSPORT_LIMITS,
  type HostKey,
  type TransportLimits,
} from "./engine/packet_transport.ts";
export * from "./errors.ts";
export * from "./wire/plain_text.ts";
export { namedBytes } from "./wire/ssh_writer.ts";
export { joinStreams } from "./forward/join_streams.ts";
export type { ForwardLimits } from "./forward/limits.ts";
export { type ForwardRule, ForwardRuleError, parseForwardRule } from "./forward/rules.ts";
export type { IdleLimits } from "./idle_watch.ts";
export { DEFAULT_SSH_LIMITS, type SshEvent, type SshLimits, type SshOptions } from "./options.ts";
export { listenPlain, type PlainListener, type PlainListenOptions } from "./plain_listener.ts";
export { RevocationFile, type RevocationFileOptions } from "./revocation/revocation_file.ts";
export * from "./revocation/revoked_keys.ts";
export type { SessionLimits } from "./server_session.ts";
export { type Account, accountNamed, nodeAccount } from "./session/account.ts";
export { type AsciicastOptions, recordAsciicast } from "./session/asciicast.ts";
export { parseVariable } from "./session/environment.ts";
export { PtyError, SshAccountError } from "./session/errors.ts";
export type { ExitStatus, ProgramSpec, RunningProgram } from "./session/program.ts";
export type { Pty, PtyProvider } from "./session/pty.ts";
export type { PtyRequest } from "./session/requests.ts";
export type { TerminalRecorder } from "./session/terminal_run.ts";
export type { TerminalCounters, TerminalLimits } from "./terminal/limits.ts";
export { ALPN, ssh, type SshHandler, type SshSessionInfo, type SshStreamContext } from "./ssh.ts";
