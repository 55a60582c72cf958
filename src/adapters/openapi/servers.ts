import { AdapterError } from "@alknet/operations";

import { listOf, memberOf, type PlainRecord, recordOf, textOf } from "../plain_data.ts";

/** Where a document and its service are. */
export interface Places {
  /** What the program says: it counts alone. */
  readonly baseUrl: URL | undefined;
  /** Where the document came from; undefined for one that was given as text or data. */
  readonly documentUrl: URL | undefined;
}

/**
 * Where the service is: what the program says, else what the document says, if that is the origin
 * that the document came from. A document cannot send a node, and its credential, elsewhere.
 *
 * @param owner The part of the document that may name servers: itself, a path or an operation.
 * @returns Undefined where this part names none.
 * @throws {AdapterError} `discovery-failed` where only another origin is named.
 */
export function serverOf(owner: PlainRecord, places: Places): URL | undefined {
  if (places.baseUrl) return places.baseUrl;
  const servers = listOf(owner.servers);
  if (servers.length === 0) return undefined;
  const { documentUrl } = places;
  for (const server of documentUrl ? servers : []) {
    const url = URL.parse(withVariables(server), documentUrl);
    if (url && url.origin === documentUrl?.origin) return plain(url);
  }
  throw new AdapterError(
    "discovery-failed",
    "Cannot use the servers of the OpenAPI document: give a base URL, for none is where it is from",
  );
}

function plain(url: URL): URL {
  url.username = url.password = "";
  return url;
}

function withVariables(server: unknown): string {
  const variables = recordOf(memberOf(server, "variables"));
  return (textOf(memberOf(server, "url")) ?? "").replace(
    /\{([^{}]+)\}/g,
    (_, name: string) => textOf(memberOf(memberOf(variables, name), "default")) ?? "",
  );
}
