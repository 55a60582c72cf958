import {
  CloseCode,
  type Connection,
  type HandlerContext,
  type Identity,
  type OpenTerminal,
  type Stream,
  TerminalRefusedError,
  type TerminalService,
  type TerminalSize,
} from "@alknet/core";
import { webSocketConnection } from "@alknet/core/transport";
import { getLogger } from "@logtape/logtape";

import type { HttpInfo } from "../../http_info.ts";
import type { DashboardSession } from "../sessions.ts";
import { readSize } from "./terminal_size.ts";

/** What a terminal on a page belongs to. */
export interface PageTerminal {
  /** Makes it. */
  readonly service: TerminalService;
  /** Whose page it is. */
  readonly session: DashboardSession;
  /** The name it is opened under. */
  readonly user: string;
  /** Its size at the beginning. */
  readonly size: TerminalSize;
  /** What the connection told. */
  readonly info: HttpInfo;
  /** Called once it is over. */
  readonly onEnd: () => void;
}

/** What xterm.js understands. */
const TERM = "xterm-256color";
/** What it is beside that: it shows 24-bit colours, and text is UTF-8. */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  ["COLORTERM", "truecolor"],
  ["LANG", "C.UTF-8"],
]);

const log = getLogger(["alknet", "http", "dashboard"]);

/**
 * Makes a WebSocket of a request, and a terminal at its end: bytes are typed and shown, held back by
 * grants (docs/protocol/websocket.md), and text of the page is its new size.
 */
export function serveTerminal(request: Request, terminal: PageTerminal): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  const { info: { alpn, remoteAddr }, session } = terminal;
  let resize = (_size: TerminalSize): void => {};
  const conn = webSocketConnection(socket, {
    alpn,
    remoteAddr,
    dialled: false,
    onText: (text) => resize(readSize(text)),
  });
  socket.addEventListener("message", ({ data }) => typeof data === "string" || session.use());
  const ready = isReady(socket, conn);
  serve(conn, terminal, { ready, onOpen: (opened) => resize = opened.resize });
  return response;
}

/** Resolves when a socket is open or never will be: closed before that, it would never end. */
async function isReady(socket: WebSocket, conn: Connection): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.addEventListener("open", () => resolve());
  await Promise.race([promise, conn.closed]);
}

async function serve(
  conn: Connection,
  terminal: PageTerminal,
  { ready, onOpen }: {
    readonly ready: Promise<void>;
    readonly onOpen: (opened: OpenTerminal) => void;
  },
): Promise<void> {
  const { session, onEnd } = terminal;
  const signOut = (): void => conn.close(CloseCode.Revoked, "signed out");
  session.signal.addEventListener("abort", signOut, { once: true });
  try {
    await ready;
    for await (const stream of conn.streams) {
      const opened = await open(stream, conn, terminal);
      onOpen(opened);
      const { code, reason } = await opened.ended;
      conn.close(code, reason);
    }
  } catch (error) {
    const refused = error instanceof TerminalRefusedError;
    if (!refused) log.warn("terminal.failed", { error });
    conn.close(refused ? CloseCode.Limit : CloseCode.HandlerFailed, refused ? "refused" : "failed");
  } finally {
    session.signal.removeEventListener("abort", signOut);
    onEnd();
  }
}

function open(
  stream: Stream,
  conn: Connection,
  { service, session, user, size, info }: PageTerminal,
): Promise<OpenTerminal> {
  const ctx: HandlerContext = {
    auth: {
      get identity(): Identity | undefined {
        return session.isOpen() ? session.identify() : undefined;
      },
      alpn: info.alpn,
      remoteAddr: info.remoteAddr,
    },
    identities: info.identities,
    signal: conn.signal,
  };
  return service.open(stream, ctx, {
    user,
    size,
    term: TERM,
    variables: VARIABLES,
    client: "dashboard",
  });
}
