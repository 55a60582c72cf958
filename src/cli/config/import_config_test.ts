import { deepStrictEqual, match, ok } from "node:assert/strict";
import { ConfigError } from "../errors.ts";
import { configOf } from "./config.ts";
import { parseToml } from "./read_tables.ts";

function mistake(text: string): string {
  try {
    configOf(parseToml("alknet.toml", text));
  } catch (error) {
    ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return "no mistake found";
}

Deno.test("services are read with all they may have", () => {
  const { imports } = configOf(parseToml(
    "alknet.toml",
    `[[openapi]]
    name = "weather"
    file = "weather.yaml"
    base_url = "https://weather.example/v1"
    auth = "header:X-Key"
    credential = "weather-key"
    scopes = ["weather:read"]
    [[openapi]]
    [[mcp]]
    name = "tools"
    url = "https://mcp.example/mcp"`,
  ));
  deepStrictEqual(imports, [
    {
      kind: "openapi",
      name: "weather",
      source: { file: "weather.yaml" },
      baseUrl: "https://weather.example/v1",
      auth: { type: "apiKey", in: "header", name: "X-Key" },
      credential: "weather-key",
      scopes: ["weather:read"],
    },
    { kind: "mcp", name: "tools", source: { url: new URL("https://mcp.example/mcp") }, scopes: [] },
  ]);
});

Deno.test("mistakes about services are told with line and column", () => {
  const openapi = (lines: string) => mistake(`[[openapi]]\nname = "a"\n${lines}`);
  match(openapi(""), /2:1: Give "url" or "file"/);
  match(openapi('url = "ftp://a"'), /3:1: "url" must be http/);
  match(openapi('url = "https://u:p@a"'), /3:1: "url" must be http.*without user/);
  match(openapi('url = "https://a"\nfile = "b"'), /4:1: Give "url" or "file", not both/);
  match(openapi('file = "b"'), /3:1: With "file" give "base_url" too/);
  match(openapi('url = "https://a"\nauth = "digest"'), /4:1: "auth" must be bearer/);
  match(openapi('url = "https://a"\nscopes = ["a:*"]'), /4:1: "a:\*" is no scope/);
  match(openapi('url = "https://a"\nscopes = ["A"]'), /4:1: "A" is no scope/);
  match(mistake('[[mcp]]\nurl = "https://a"'), /1:1: "name" must be made of/);
  match(mistake('[[mcp]]\nname = "a b"\nurl = "https://a"'), /2:1: "name" must be made of/);
  match(mistake('[[mcp]]\nname = "a"\nfile = "b"'), /3:1: Unknown key "file" in \[mcp\]/);
  match(mistake("[mcp]\nname = 'a'"), /Write \[\[mcp\]\]/);
  const twice =
    '[[openapi]]\nname = "a"\nurl = "https://a"\n[[mcp]]\nname = "a"\nurl = "https://a"';
  match(mistake(twice), /5:1: Another service has the name "a"/);
  const named = (name: string) => mistake(`[[mcp]]\nname = "${name}"\nurl = "https://a"`);
  match(named("node"), /2:1: "node" is what the node's own operations are called by/);
  match(named("__proto__"), /2:1: "__proto__" is a name that every object has/);
});
