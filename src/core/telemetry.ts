import { metrics, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Counters } from "./limits.ts";
import type { LiveSession } from "./live_session.ts";

const SCOPE = "@alknet/core";

/**
 * Exports an endpoint's counters as OpenTelemetry metrics, read only when somebody collects them.
 *
 * @returns A function that stops it.
 */
export function observe(counters: Readonly<Counters>): () => void {
  const meter = metrics.getMeter(SCOPE);
  const release = names(counters).map((name) => {
    const gauge = name === "active" || name === "handshaking";
    const instrument = gauge
      ? meter.createObservableUpDownCounter(`alknet.connections.${name}`)
      : meter.createObservableCounter(`alknet.connections.${name}`);
    const read = (result: { observe(value: number): void }): void => result.observe(counters[name]);
    instrument.addCallback(read);
    return () => instrument.removeCallback(read);
  });
  return () => release.forEach((stop) => stop());
}

/**
 * Opens a span for a connection.
 *
 * @returns A function that ends it.
 */
export function sessionSpan(session: LiveSession): () => void {
  const { conn, handler } = session;
  const span = trace.getTracer(SCOPE).startSpan(`alknet ${handler.name}`, {
    kind: SpanKind.SERVER,
    attributes: {
      "network.protocol.name": conn.alpn,
      "network.transport": conn.transport === "quic" ? "quic" : "tcp",
      "client.address": conn.remoteAddr.hostname,
    },
  });
  return () => span.end();
}

/** Runs a task in a span of its own; the span carries whether it failed, never with what. */
export async function inSpan<T>(name: string, task: () => Promise<T>): Promise<T> {
  const span: Span = trace.getTracer(SCOPE).startSpan(name);
  try {
    return await task();
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function names(counters: Readonly<Counters>): (keyof Counters)[] {
  return Object.keys(counters).filter((name): name is keyof Counters => name in counters);
}
