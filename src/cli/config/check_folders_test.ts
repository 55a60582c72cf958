import { match } from "node:assert/strict";
import { join } from "node:path";

import { checkFolders } from "./check_folders.ts";

async function mistake(directory: string, toml: string): Promise<string> {
  const file = join(directory, "alknet.toml");
  await Deno.writeTextFile(file, toml);
  try {
    await checkFolders(file);
  } catch (error) {
    return String(error);
  }
  return "no mistake found";
}

Deno.test("a folder to be served that is not there is found, also beside the configuration", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.mkdir(join(directory, "www"));
  const good = `[[site]]\nroot = "www"\n`;
  match(await mistake(directory, good), /no mistake found/);
  match(await mistake(directory, "[[site]]\n"), /no mistake found/);
  match(
    await mistake(directory, `${good}[[site]]\nhost = "a.example"\nroot = "/none/such"`),
    /alknet\.toml:5:1: "\/none\/such" does not exist/,
  );
  match(await mistake(directory, `[[site]]\nroot = "alknet.toml"`), /:2:1: .* is no folder/);
  match(
    await mistake(directory, `[http]\ndecoy = "static"\ndecoy_root = "none"`),
    /:3:1: "none" does not exist/,
  );
  await Deno.remove(directory, { recursive: true });
});
