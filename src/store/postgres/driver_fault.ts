/** What went wrong below kysely, without the objects and values that a driver's error carries. */
export interface DriverFault {
  /** Whether the server answered with an error, or the connection to it failed. */
  readonly kind: "server" | "connection" | "queue" | "closed";
  /** SQLSTATE of the server, else what Node calls the failure (`ECONNREFUSED`), else empty. */
  readonly code: string;
  /** What the driver or the server said. */
  readonly message: string;
  /** The error itself. */
  readonly cause: unknown;
}

/** Sorts an error of `npm:pg`. */
export function toDriverFault(cause: unknown): DriverFault {
  const { code, severity, message } = fieldsOf(cause);
  return { kind: kindOf(severity, message), code, message: firstLine(message), cause };
}

function kindOf(severity: string, message: string): DriverFault["kind"] {
  if (severity !== "") return "server";
  if (message.startsWith("timeout exceeded when trying to connect")) return "queue";
  if (message.startsWith("Cannot use a pool after calling end")) return "closed";
  return "connection";
}

function fieldsOf(error: unknown): { code: string; severity: string; message: string } {
  const text = (name: string): string => {
    if (typeof error !== "object" || error === null) return "";
    const value: unknown = Reflect.get(error, name);
    return typeof value === "string" ? value : "";
  };
  return { code: text("code"), severity: text("severity"), message: text("message") };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
