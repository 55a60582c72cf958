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
