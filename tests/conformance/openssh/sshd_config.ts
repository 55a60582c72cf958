/** What of an `sshd_config` the handler has an equal for. Keywords are in lower case. */
export class SshdConfig {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  private constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** Reads the text of one, with `-o` options in front, as they win. */
  static parse(text: string, { user, options = [] }: ParseOptions): SshdConfig {
    const everywhere = new Map<string, string[]>();
    const matched = new Map<string, string[]>();
    let section: Map<string, string[]> | undefined = everywhere;
    for (const line of [...options, ...text.split("\n")]) {
      const [, keyword = "", value = ""] = /^\s*(\w+)[\s=]*(.*?)\s*$/.exec(line) ?? [];
      const key = keyword.toLowerCase();
      if (key === "match") section = matches(value, user) ? matched : undefined;
      else if (key) section?.set(key, [...section.get(key) ?? [], value]);
    }
    return new SshdConfig(new Map([...everywhere, ...matched]));
  }

  /** The first value of a keyword, which is the one that counts, without quotation marks. */
  one(keyword: string): string | undefined {
    return this.#values.get(keyword)?.[0]?.replace(/^"(.*)"$/, "$1");
  }

  /** Every value of a keyword that may stand more than once. */
  all(keyword: string): readonly string[] {
    return this.#values.get(keyword) ?? [];
  }

  /** The words of the first value of a keyword. */
  words(keyword: string): readonly string[] {
    return this.one(keyword)?.split(/\s+/).filter(Boolean) ?? [];
  }
}

/** For whom a configuration is read. */
export interface ParseOptions {
  /** The account whose `Match User` sections count. */
  readonly user: string;
  /** `Keyword=value` of `-o`. */
  readonly options?: readonly string[];
}

function matches(criteria: string, user: string): boolean {
  const [kind = "", value] = criteria.split(/\s+/);
  return kind.toLowerCase() === "all" || (kind.toLowerCase() === "user" && value === user);
}

/** When keys are changed; undefined for what the program does by itself. */
export interface RekeyLimit {
  readonly bytes?: number;
  readonly seconds?: number;
}

const SIZES: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const TIMES: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};

/** Reads the words of `RekeyLimit`: a number of bytes or `default`, and a time or `none`. */
export function rekeyLimit([size = "default", time = "none"]: readonly string[]): RekeyLimit {
  return { bytes: scaled(size, SIZES), seconds: scaled(time, TIMES) };
}

function scaled(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit = ""] = /^(\d+)([a-z]?)$/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (units[unit.toLowerCase()] ?? 1);
}
