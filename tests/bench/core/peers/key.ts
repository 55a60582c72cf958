import { generateNodeKey, issueLeaf, type Leaf, type NodeKey } from "@alknet/core";

let made: Promise<NodeKey> | undefined;

/** One key a process. */
export function benchKey(): Promise<NodeKey> {
  return made ??= generateNodeKey();
}

/** The same kind of certificate that our node shows. */
export async function benchLeaf(): Promise<Leaf> {
  return await issueLeaf(await benchKey());
}
