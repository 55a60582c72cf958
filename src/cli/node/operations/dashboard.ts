import type { IdentityProvider } from "@alknet/core";
import type { Dashboard } from "@alknet/http";
import { CallError, type Operation, operation } from "@alknet/operations";
import { NOTHING, TEXT } from "./schemas.ts";

/** The operation that signs somebody in to the dashboard. */
export function dashboardLink(
  dashboard: Dashboard,
  identities: Pick<IdentityProvider, "withId">,
): Operation {
  return operation({
    name: "dashboard/link",
    access: { requiredScopes: ["dashboard:open"] },
    description: "A path that signs the caller in to the dashboard, once, within five minutes",
    input: NOTHING,
    output: { type: "object", properties: { path: TEXT }, required: ["path"] },
    errors: {
      NOT_A_PEER: {
        description: "The caller is nobody that this node knows by a name",
        httpStatus: 403,
      },
    },
    handler: (_input, { identity }) => {
      const id = identity?.id ?? "";
      if (!identities.withId(id)) {
        throw new CallError("NOT_A_PEER", "Only peers, tokens and the owner have a dashboard");
      }
      return { path: dashboard.link(() => identities.withId(id)) };
    },
  });
}
