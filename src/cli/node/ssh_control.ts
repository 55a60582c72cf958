import type { SshHandler, SshSessionInfo } from "@alknet/ssh";
import type { ControlOperations } from "./control.ts";

/** A session as the control socket tells of it. */
export type SshSessionStatus = Omit<SshSessionInfo, "openedAt"> & { readonly openedAt: string };

/** What commands on the same machine may ask of the SSH handler. */
export function sshOperations(handler: () => SshHandler | undefined): ControlOperations {
  return {
    "ssh.sessions": () =>
      Promise.resolve(
        (handler()?.sessions() ?? []).map((session): SshSessionStatus => ({
          ...session,
          openedAt: session.openedAt.toISOString(),
        })),
      ),
    "ssh.end": (id) => Promise.resolve(handler()?.end(id ?? "") ?? false),
  };
}
