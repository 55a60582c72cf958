import { strictEqual, throws } from "node:assert/strict";
import { resolvePaths } from "./paths.ts";
import { CliError } from "./errors.ts";

function paths(env: Record<string, string>): ReturnType<typeof resolvePaths> {
  return resolvePaths((name) => env[name]);
}

Deno.test("ALKNET_HOME holds everything", () => {
  const { config, vault, control } = paths({ ALKNET_HOME: "/n", HOME: "/h" });
  strictEqual(config, "/n/alknet.toml");
  strictEqual(vault, "/n/vault.json");
  strictEqual(control, "/n/run/control.sock");
});

Deno.test("without it the XDG directories do", () => {
  const { config, vault, control } = paths({ HOME: "/h", XDG_RUNTIME_DIR: "/run/user/1" });
  strictEqual(config, "/h/.config/alknet/alknet.toml");
  strictEqual(vault, "/h/.local/share/alknet/vault.json");
  strictEqual(control, "/run/user/1/alknet/control.sock");
  strictEqual(paths({ HOME: "/h", XDG_CONFIG_HOME: "/c" }).config, "/c/alknet/alknet.toml");
});

Deno.test("without any home the error says what to set", () => {
  throws(() => paths({}), CliError);
});
