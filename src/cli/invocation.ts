import { fileURLToPath } from "node:url";

/** The Deno version that this project pins, as npm names it. */
const DENO = "deno@2.9.6";

/**
 * How a person runs this program again, for advice that can be pasted: from a checkout it is a
 * task, otherwise the command.
 */
export function invocation(mainModule: string = Deno.mainModule): string {
  return mainModule.startsWith("file:") && mainModule.endsWith("/src/cli/main.ts")
    ? `npx -y ${DENO} task -q alknet`
    : "alknet";
}

/** How another program starts this one: words for a `ProxyCommand`, whatever directory it runs in. */
export function programCommand(
  env: (name: string) => string | undefined,
  mainModule: string = Deno.mainModule,
): string[] {
  const home = env("ALKNET_HOME");
  const prefix = home ? ["env", `ALKNET_HOME=${home}`] : [];
  const program = env("ALKNET_PROGRAM"); // set by the one-file program
  if (program) return [...prefix, program];
  const main = mainModule.startsWith("file:") ? fileURLToPath(mainModule) : mainModule;
  return [...prefix, Deno.execPath(), "run", "-A", "-q", "--unstable-net", main];
}
