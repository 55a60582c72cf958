/** @jsxImportSource hono/jsx */

import type { Element } from "./element.ts";
import { ratesOf, type Sample } from "../samples.ts";
import { rowsOf } from "../collections.ts";
import { Graph } from "./graph.tsx";
import { RowTable, Value } from "./value.tsx";

/** What the overview shows; what its viewer may not ask for is left out. */
export interface OverviewProps {
  /** The answer of `node/info`. */
  readonly info?: unknown;
  /** The answer of `node/connections`. */
  readonly connections?: unknown;
  /** The answer of `node/handlers`. */
  readonly handlers?: unknown;
  /** What was seen so far. */
  readonly samples: readonly Sample[];
}

/** The node at a glance; refreshes itself where scripts run. */
export function Overview(props: OverviewProps): Element {
  const { info, connections, handlers, samples } = props;
  const rows = rowsOf(connections).map(connectionRow);
  return (
    <div
      id="overview"
      hx-get="/ui/overview"
      hx-trigger="every 3s"
      hx-target="#overview"
      hx-swap="outerHTML"
    >
      {connections === undefined ? "" : (
        <section>
          <h2>Connections</h2>
          <Graph name="Open connections" values={samples.map(({ open }) => open)} />
          <Graph name="Bytes received a second" values={ratesOf(samples, "received")} />
          <Graph name="Bytes sent a second" values={ratesOf(samples, "sent")} />
          {rows.length > 0 ? <RowTable rows={rows} /> : <p class="quiet">None are open</p>}
        </section>
      )}
      {handlers === undefined ? "" : (
        <section>
          <h2>Protocols</h2>
          <Value value={handlers} />
        </section>
      )}
      {info === undefined ? "" : (
        <section>
          <h2>Node</h2>
          <Value value={info} />
        </section>
      )}
      {info ?? connections ?? handlers ? "" : (
        <section>
          <p>There is nothing here that you may see. The owner can give you the scope node:read.</p>
        </section>
      )}
    </div>
  );
}

/** A connection in the order in which people look for things. */
function connectionRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { peer, handler, alpn, transport, remoteAddr, openedAt } = row;
  return {
    peer: peer ?? "stranger",
    handler: handler ?? alpn,
    transport,
    from: addressText(remoteAddr),
    openedAt,
    received: row.bytesReceived,
    sent: row.bytesSent,
    fingerprint: row.fingerprint,
  };
}

function addressText(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("hostname" in value)) return value;
  return String(value.hostname);
}
