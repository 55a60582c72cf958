import { CliError, ExitCode } from "./errors.ts";

const UNIT_S: ReadonlyMap<string, number> = new Map([
  ["ms", 0.001],
  ["", 1],
  ["s", 1],
  ["m", 60],
  ["h", 3_600],
]);

const MAX_S = 3_600;

/**
 * What reads an option that holds a time: seconds, or `300ms`, `5s`, `2m`.
 *
 * @param flag The option, for messages.
 * @returns Reads a text into seconds; throws a {@linkcode CliError} for what is no time between
 * 0 and an hour.
 */
export function seconds(flag: string): (text: string) => number {
  return (text) => {
    const [, count = "", unit = ""] = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)?$/.exec(text) ?? [];
    const time = Number(count || NaN) * (UNIT_S.get(unit) ?? NaN);
    if (time > 0 && time <= MAX_S) return time;
    throw new CliError(
      `${flag} must be above 0 and at most an hour, in seconds or as 300ms, 5s, 2m: not "${text}"`,
      ExitCode.Usage,
    );
  };
}
