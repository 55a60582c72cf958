/** How operations are offered to clients of MCP. */
export interface McpOptions {
  /** What the server calls itself. Default: `alknet`. */
  readonly name?: string;
  /** Its version. Default: `0.0.0`. */
  readonly version?: string;
  /** Whether each operation is a tool of its own too, beside the general ones. Default: false. */
  readonly operationTools?: boolean;
  /** Issuers whose tokens are taken, for clients that look for one (RFC 9728). Default: none. */
  readonly authorizationServers?: readonly string[];
}
