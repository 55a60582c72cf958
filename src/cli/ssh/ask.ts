import { plainText, type Prompt } from "@alknet/ssh";
import { askSecret } from "../passphrase.ts";

/** Answers the questions of a second factor at the terminal; nothing that is typed is shown. */
export async function answerQuestions(
  prompts: readonly Prompt[],
  instruction: string,
): Promise<readonly string[]> {
  if (instruction) await say(`${plainText(instruction)}\n`);
  const answers: string[] = [];
  for (const { text } of prompts) {
    const answer = await askSecret(plainText(text).replace(/:?\s*$/, ""));
    answers.push(new TextDecoder().decode(answer));
    answer.fill(0);
  }
  return answers;
}

async function say(text: string): Promise<void> {
  await Deno.stderr.write(new TextEncoder().encode(text));
}
