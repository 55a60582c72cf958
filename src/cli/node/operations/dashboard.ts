import type { Identity, IdentityProvider } from "@alknet/core";
import type { Dashboard } from "@alknet/http";
import { CallError, type Operation, operation } from "@alknet/operations";
import { NOTHING, TEXT } from "./schemas.ts";

/** The operation that signs somebody in to the dashboard. */
export function dashboardLink(
  dashboard: Pick<Dashboard, "link">,
  identities: Pick<IdentityProvider, "withId" | "issueOf">,
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
      return { path: dashboard.link(sameIssue(id, identities)) };
    },
  });
}

/** Who has an id, as long as that is who has it now: a token that is replaced is another one. */
function sameIssue(
  id: string,
  identities: Pick<IdentityProvider, "withId" | "issueOf">,
): () => Identity | undefined {
  const issue = identities.issueOf?.(id);
  return () => identities.issueOf?.(id) === issue ? identities.withId(id) : undefined;
}
