import { type AccountKey, base64url } from "./account_key.ts";
import { AcmeError, AcmeProtocolError } from "./errors.ts";
import { type AcmeAnswer, Exchange, type ExchangeOptions, parseJson } from "./exchange.ts";
import { type ExternalAccount, externalAccountBinding } from "./external_account.ts";
import {
  type Authorization,
  type Challenge,
  type Directory,
  type Order,
  parseAuthorization,
  parseDirectory,
  parseOrder,
} from "./messages.ts";

/** Who asks, and whom. */
export interface AcmeClientOptions extends ExchangeOptions {
  /** Where the server's directory lies. */
  readonly directoryUrl: string;
  readonly accountKey: AccountKey;
  /** Address for the authority's letters. Default: none. */
  readonly email?: string;
  /** Whether a person has agreed to the authority's terms of service. */
  readonly termsAgreed: boolean;
  /** Account that the authority asks to be bound to. Default: none. */
  readonly externalAccount?: ExternalAccount;
}

/** An answer of which the caller also learns when to ask again. */
export interface Polled<T> {
  readonly value: T;
  readonly retryAfterMs?: number;
}

const BAD_NONCE = "urn:ietf:params:acme:error:badNonce";
/** A nonce may be refused for reasons that are not the client's (RFC 8555 section 6.5). */
const NONCE_TRIES = 10;

/** The requests of RFC 8555, one method each; what they are made in order for is `obtain.ts`. */
export class AcmeClient implements Disposable {
  readonly #options: AcmeClientOptions;
  readonly #exchange: Exchange;
  #directory?: Directory;
  #account?: string;

  /** Prepares a client; nothing is sent. */
  constructor(options: AcmeClientOptions) {
    this.#options = options;
    this.#exchange = new Exchange(options);
  }

  /** The account key's thumbprint, of which key authorizations are made. */
  get thumbprint(): string {
    return this.#options.accountKey.thumbprint;
  }

  /** What the server offers; asked for once. */
  async directory(): Promise<Directory> {
    const request = { method: "GET", url: this.#options.directoryUrl } as const;
    const action = "read the directory";
    return this.#directory ??= parseDirectory(
      parseJson((await this.#exchange.send({ ...request, action })).text),
    );
  }

  /**
   * Orders a certificate (section 7.4), and makes the account first where there is none.
   *
   * @returns The order's URL and the order.
   */
  async newOrder(names: readonly string[]): Promise<{ url: string; order: Order }> {
    const { newOrder } = await this.directory();
    const identifiers = names.map((value) => ({ type: "dns", value }));
    const { text, location } = await this.#post(newOrder, "order a certificate", { identifiers });
    if (!location) throw new AcmeProtocolError("Server did not say where the order is");
    return { url: location, order: parseOrder(parseJson(text)) };
  }

  /** Asks for an order (section 7.1.3). */
  async order(url: string): Promise<Polled<Order>> {
    return polled(await this.#post(url, "look at the order"), parseOrder);
  }

  /** Asks for an authorization (section 7.5). */
  async authorization(url: string): Promise<Polled<Authorization>> {
    return polled(await this.#post(url, "look at the authorization"), parseAuthorization);
  }

  /** Says that a challenge can be checked (section 7.5.1). */
  async ready({ url }: Challenge): Promise<void> {
    await this.#post(url, "have the challenge checked", {});
  }

  /** Sends the certificate request of a ready order (section 7.4). */
  async finalize({ finalize }: Order, csr: Uint8Array): Promise<Polled<Order>> {
    const payload = { csr: base64url(csr) };
    return polled(await this.#post(finalize, "finalize the order", payload), parseOrder);
  }

  /** Downloads the chain (section 7.4.2). */
  async certificate(url: string): Promise<string> {
    return (await this.#post(url, "download the certificate")).text;
  }

  /** Closes what is left of connections. */
  [Symbol.dispose](): void {
    this.#exchange[Symbol.dispose]();
  }

  async #post(url: string, action: string, payload?: unknown): Promise<AcmeAnswer> {
    this.#account ??= await this.#openAccount();
    return await this.#signed({ url, action, payload, signer: { kid: this.#account } });
  }

  /** Makes the account or, for a key that has one, finds it (section 7.3). */
  async #openAccount(): Promise<string> {
    const { email, termsAgreed, externalAccount, accountKey: { jwk } } = this.#options;
    const { newAccount: url } = await this.directory();
    const payload = {
      termsOfServiceAgreed: termsAgreed,
      ...(email ? { contact: [`mailto:${email}`] } : {}),
      ...(externalAccount
        ? { externalAccountBinding: await externalAccountBinding(externalAccount, url, jwk) }
        : {}),
    };
    const action = "open an account";
    const { location } = await this.#signed({ url, action, payload, signer: { jwk } });
    if (!location) throw new AcmeProtocolError("Server did not say where the account is");
    return location;
  }

  async #signed({ url, action, payload, signer }: Signed): Promise<AcmeAnswer> {
    for (let attempt = 1;; attempt++) {
      const header = { ...signer, nonce: await this.#nonce(), url };
      const body = JSON.stringify(await this.#options.accountKey.sign(header, payload));
      try {
        return await this.#exchange.send({ method: "POST", url, action, body });
      } catch (error) {
        const again = error instanceof AcmeError && error.problem.type === BAD_NONCE;
        if (!again || attempt >= NONCE_TRIES) throw error;
      }
    }
  }

  async #nonce(): Promise<string> {
    const kept = this.#exchange.takeNonce();
    if (kept) return kept;
    const { newNonce: url } = await this.directory();
    await this.#exchange.send({ method: "HEAD", url, action: "ask for a nonce" });
    const nonce = this.#exchange.takeNonce();
    if (!nonce) throw new AcmeProtocolError("Server gave no nonce");
    return nonce;
  }
}

interface Signed {
  readonly url: string;
  readonly action: string;
  /** Undefined for POST-as-GET. */
  readonly payload?: unknown;
  readonly signer: Readonly<Record<string, unknown>>;
}

function polled<T>({ text, retryAfterMs }: AcmeAnswer, parse: (json: unknown) => T): Polled<T> {
  return { value: parse(parseJson(text)), retryAfterMs };
}
