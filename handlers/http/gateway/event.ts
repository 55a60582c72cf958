/** An event of a stream of events (WHATWG HTML, "Server-sent events"). */
export interface StreamEvent {
  /** Its type. Default: `message`. */
  readonly event?: string;
  /** What it carries, as JSON. */
  readonly data: unknown;
  /** Whether nothing comes after it. */
  readonly last: boolean;
}

/** The content type of a stream of events. */
export const EVENT_STREAM_TYPE = "text/event-stream";

/** A comment: keeps the connection and says nothing. */
export const HEARTBEAT = ":\n\n";

/**
 * Writes an event. JSON has no line breaks outside of strings and escapes those inside, so it is
 * one line of data.
 */
export function eventText({ event, data }: StreamEvent, id?: string): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    `data: ${JSON.stringify(data) ?? "null"}`,
  ];
  return lines.join("\n") + "\n\n";
}
