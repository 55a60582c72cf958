import type { Identity, IdentityProvider } from "@alknet/core";
import type { Dashboard, IsOwnHost } from "@alknet/http";
import { CallError, type Operation, operation } from "@alknet/operations";
import { NOTHING, TEXT, TEXTS } from "./schemas.ts";

/** Where the dashboard is. */
export interface DashboardPlaces {
  /** Hosts it is at; none for those of no site. */
  readonly ownHosts: readonly string[];
  /** Where browsers reach the node, where that was said. */
  readonly publicUrl?: URL | undefined;
  readonly isOwnHost: IsOwnHost;
}

/** A host that stands for any other. */
const SOME_HOST = new URL("https://host.invalid/");

const OUTPUT = {
  type: "object",
  properties: {
    path: TEXT,
    hosts: {
      ...TEXTS,
      description: "Hosts it opens at; missing for whichever the node is reached at",
    },
    origin: { ...TEXT, description: "Where to open it, if the node was told" },
  },
  required: ["path"],
} as const;

/** The operation that signs somebody in to the dashboard. */
export function dashboardLink(
  dashboard: Pick<Dashboard, "link">,
  identities: Pick<IdentityProvider, "withId" | "issueOf">,
  { ownHosts, publicUrl, isOwnHost }: DashboardPlaces,
): Operation {
  const places = {
    ...(ownHosts.length > 0 ? { hosts: [...ownHosts] } : {}),
    ...(publicUrl && isOwnHost(publicUrl) ? { origin: publicUrl.origin } : {}),
  };
  return operation({
    name: "dashboard/link",
    access: { requiredScopes: ["dashboard:open"] },
    description: "A path that signs the caller in to the dashboard, once, within five minutes",
    input: NOTHING,
    output: OUTPUT,
    errors: {
      NOT_A_PEER: {
        description: "The caller is nobody that this node knows by a name",
        httpStatus: 403,
      },
      NO_HOST: {
        description: "A site answers at every host, so that the dashboard has none of its own",
        httpStatus: 409,
      },
    },
    handler: (_input, { identity }) => {
      const id = identity?.id ?? "";
      if (!identities.withId(id)) {
        throw new CallError("NOT_A_PEER", "Only peers, tokens and the owner have a dashboard");
      }
      if (ownHosts.length === 0 && !isOwnHost(SOME_HOST)) {
        throw new CallError(
          "NO_HOST",
          "A site without a host answers everywhere: name a host for the dashboard, own_hosts in [http]",
        );
      }
      return { path: dashboard.link(sameIssue(id, identities)), ...places };
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
