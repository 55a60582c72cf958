import type { Socket } from "node:net";

/** Holds a TCP socket's incoming bytes back in the kernel, so that the peer has to wait. */
export interface ReadGate {
  /** Stops reading from the network. */
  stop(): void;
  /** Goes on. */
  start(): void;
}

interface TcpHandle {
  readStop(): number;
  readStart(): number;
}

/**
 * The gate of the TCP socket below a TLS socket. Pausing the TLS socket itself would do on Node;
 * on Deno 2.9.6 an end of stream that arrives meanwhile is lost for good (docs/adr/0006).
 */
export function readGate(raw: Socket): ReadGate {
  const handle: unknown = Reflect.get(raw, "_handle");
  if (!isTcpHandle(handle)) throw new TypeError("Cannot hold back a socket without a TCP handle");
  return {
    stop: () => void handle.readStop(),
    start: () => raw.destroyed ? undefined : void handle.readStart(),
  };
}

function isTcpHandle(handle: unknown): handle is TcpHandle {
  return typeof handle === "object" && handle !== null &&
    "readStop" in handle && typeof handle.readStop === "function" &&
    "readStart" in handle && typeof handle.readStart === "function";
}
