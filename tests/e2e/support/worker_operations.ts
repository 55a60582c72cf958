/**
 * Operations of a worker as `[operations] modules` loads them. It imports nothing: the function is
 * given @alknet/operations, so that the module works wherever it lies.
 */
type Operations = typeof import("@alknet/operations");

/** Read access by scope, as an operator would have it. */
const access = { requiredScopes: ["disk:read"] };

export function operations(
  { operation }: Operations,
): ReturnType<Operations["operation"]>[] {
  return [
    operation({
      name: "disk/free",
      type: "query",
      description: "Bytes left on this worker",
      output: { type: "object" },
      access,
      handler: (_input, { identity, forwardedFor, via }) => ({
        worker: Deno.env.get("ALKNET_HOME"),
        caller: identity?.id ?? null,
        forwardedFor: forwardedFor?.id ?? null,
        furtherBack: forwardedFor?.forwardedFor?.id ?? null,
        hops: via.length,
      }),
    }),
    operation({
      name: "disk/hang",
      access,
      handler: async (_input, { signal }) => {
        await Deno.writeTextFile(`${Deno.env.get("ALKNET_HOME")}/hanging`, "1");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return null;
      },
    }),
    operation({
      name: "disk/watch",
      type: "subscription",
      access,
      async *handler(_input, { signal }) {
        for (let n = 0; !signal.aborted; n++) {
          yield n;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
    }),
  ];
}
