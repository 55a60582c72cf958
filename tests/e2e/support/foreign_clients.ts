/** Clients of HTTP that others have written, from npm. */
import { strictEqual } from "node:assert/strict";

import { type Machine, type Outcome, runProgram } from "./cli.ts";
import type { WebNode } from "./web.ts";

/** The official client of MCP for the command line. */
export const MCP_INSPECTOR = "npm:@modelcontextprotocol/inspector@2.12.0";
/** Makes types of an OpenAPI document. */
export const OPENAPI_GENERATOR = "npm:openapi-typescript@7.13.0";
/** The client that goes by such types. */
export const OPENAPI_CLIENT = "npm:openapi-fetch@0.17.0";

/** Runs the inspector of MCP; its own files go into a home of its own. */
export async function inspect(
  machine: Machine,
  args: readonly string[],
  cert = "",
): Promise<Outcome> {
  const env = { ...machine.env, ...(cert ? { DENO_CERT: cert } : {}) };
  const deno = ["run", "-A", "--no-config", MCP_INSPECTOR, "--cli"];
  return await runProgram(Deno.execPath(), [...deno, ...args], { env });
}

/** Programs that are written against types generated from a node's `/openapi.json`. */
export class GeneratedClient {
  readonly #web: WebNode;

  private constructor(web: WebNode) {
    this.#web = web;
  }

  /** Fetches the document and generates `api.ts`, which programs import. */
  static async generate(web: WebNode): Promise<GeneratedClient> {
    const client = new GeneratedClient(web);
    const { machine: { home } } = web;
    const { out } = await web.curl("-H", `authorization: Bearer ${web.token}`, "/openapi.json");
    const document = await web.machine.write("openapi.json", out);
    const generator = ["run", "-A", "--no-config", OPENAPI_GENERATOR];
    const { code, err } = await client.#deno(...generator, document, "-o", `${home}/api.ts`);
    strictEqual(code, 0, err);
    return client;
  }

  /** Runs a program, which is given the node's address and the token; types are checked. */
  async run(program: string): Promise<Outcome> {
    const { machine, origin, token } = this.#web;
    const path = await machine.write("program.ts", program);
    return await this.#deno("run", "-A", "--check", "--no-config", path, origin, token);
  }

  /** Only checks a program's types. */
  async check(program: string): Promise<Outcome> {
    const path = await this.#web.machine.write("checked.ts", program);
    return await this.#deno("check", "--no-config", path);
  }

  #deno(...args: readonly string[]): Promise<Outcome> {
    const env = { ...this.#web.machine.env, DENO_CERT: this.#web.ca };
    return runProgram(Deno.execPath(), args, { env });
  }
}
