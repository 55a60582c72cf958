import { type HealthCheckOptions, statusRanges } from "@alknet/http";
import type { Table } from "./table.ts";
import { checked } from "./checked.ts";

/** Keys that mean something for a site with checks only. */
const DETAILS = [
  "health_interval_ms",
  "health_timeout_ms",
  "health_failures",
  "health_successes",
  "health_status",
];

/** Every key about checks. */
export const HEALTH_KEYS: readonly string[] = ["health_path", ...DETAILS];

/**
 * Reads how the servers of a site are checked.
 *
 * @param host The name they are asked by; undefined for their own.
 * @returns Undefined where they are not.
 * @throws {ConfigError} At the place of the first mistake.
 */
export function healthConfig(
  table: Table,
  host: string | undefined,
): HealthCheckOptions | undefined {
  const path = table.string("health_path");
  if (path === "") {
    const idle = DETAILS.find((key) => table.has(key));
    if (idle !== undefined) throw table.error(idle, `"${idle}" needs "health_path"`);
    return undefined;
  }
  if (!/^\/[\x21-\x7e]*$/.test(path) || path.includes("#")) {
    throw table.error("health_path", '"health_path" must be a path such as /healthz');
  }
  const expected = checked(
    table,
    "health_status",
    () => statusRanges(table.strings("health_status")),
  );
  if (expected.length === 0) {
    throw table.error("health_status", '"health_status" must name at least one status');
  }
  return {
    path,
    host,
    intervalMs: table.integer("health_interval_ms"),
    timeoutMs: table.integer("health_timeout_ms"),
    failures: table.integer("health_failures"),
    successes: table.integer("health_successes"),
    expected,
  };
}
