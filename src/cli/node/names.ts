const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

/** The same for schemas; lower and upper case are different names. */
export const NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";

/** Whether a name of a peer, token or group survives a command line, a log and a path. */
export function isName(name: string): boolean {
  return NAME.test(name);
}
