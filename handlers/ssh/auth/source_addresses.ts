import { isCidr, matchesCidr } from "../forward/cidr.ts";
import { SshOptionError } from "../errors.ts";

/**
 * Reads where a key may be used from: `from=` of OpenSSH's `authorized_keys`, with addresses only,
 * since a name that an address claims to have proves nothing.
 *
 * @param list Addresses and networks, with commas between them, `!` before what is excepted.
 * @throws {SshOptionError} For names, patterns, and a list that nothing could match.
 */
export function parseSources(list: string): readonly string[] {
  const sources = list.split(",").map((each) => each.trim());
  const bad = sources.find((each) => !isCidr(each.replace(/^!/, "")));
  if (bad !== undefined) {
    throw new SshOptionError(`Cannot read source "${bad}": write addresses or networks`);
  }
  if (sources.every((each) => each.startsWith("!"))) {
    throw new SshOptionError(`Source "${list}" excludes only: begin with "0.0.0.0/0,::/0"`);
  }
  return sources;
}

/** Whether an address is among those listed, and none that is excepted. */
export function isFromSource(sources: readonly string[], hostname: string): boolean {
  const isIn = (list: readonly string[]): boolean =>
    list.some((each) => matchesCidr(each, hostname));
  const except = sources.filter((each) => each.startsWith("!")).map((each) => each.slice(1));
  return isIn(sources) && !isIn(except);
}
