import type { TerminalRefusal } from "@alknet/core";

/** Why there is no terminal, in words, and what would change that. */
export interface RefusalText {
  /** The reason, one sentence. */
  readonly why: string;
  /** What to do. */
  readonly remedy: string;
  /** What to write into `alknet.toml`. Default: nothing. */
  readonly config?: string;
}

/** A node without the handler that makes terminals is one more reason. */
export type NoTerminal = TerminalRefusal | "absent";

const RESTART = "Write this into alknet.toml and start the node again:";

/** Every reason; `peer` is who asks. */
export function refusalText(reason: NoTerminal, peer: string): RefusalText {
  switch (reason) {
    case "absent":
      return {
        why: "Terminals are SSH's, and SSH is not switched on at this node.",
        remedy: `Add "ssh" to what is there, and start the node again:`,
        config: '[handlers]\nenabled = [ …, "ssh"]',
      };
    case "off":
      return {
        why: "Shells are switched off at this node.",
        remedy: RESTART,
        config: '[ssh]\noffer = ["shell", "exec", "sftp"]',
      };
    case "scope":
      return {
        why: "You lack the scope ssh:shell.",
        remedy: "The owner of the node can give it, on the page Peers.",
      };
    case "account":
      return {
        why: "Programs run as accounts here, and there is none that you may be.",
        remedy: RESTART,
        config: `[ssh]\nunix_users = ["${peer}:ACCOUNT"]`,
      };
    case "second-factor":
      return {
        why: "You have to give a second factor for a shell, and this page cannot ask for one.",
        remedy: "Use an SSH client: alknet ssh.",
      };
    case "unavailable":
      return {
        why: "Nothing on this node's machine can make terminals.",
        remedy: "Install the programs script and stty (util-linux, coreutils).",
      };
    case "limit":
      return {
        why: "You have as many terminals as you may.",
        remedy: "End one of them; alknet ssh who lists them on the node.",
      };
  }
}
