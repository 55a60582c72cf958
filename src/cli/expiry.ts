import { CliError, ExitCode } from "./errors.ts";

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/**
 * Reads an end of validity: `30m`, `12h`, `30d`, or a date.
 *
 * @throws {CliError} When it is none of these, or past.
 */
export function expiry(text: string, now: number = Date.now()): Date {
  const [, count = "", unit = ""] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = UNIT_MS.get(unit);
  const date = ms ? new Date(now + Number(count) * ms) : new Date(text);
  if (Number.isNaN(date.getTime()) || date.getTime() <= now) {
    throw new CliError("--expires must lie ahead, such as 12h, 30d or 2027-01-31", ExitCode.Usage);
  }
  return date;
}
