import { H1Error } from "./errors.ts";
import { type ResponseHead, valuesOf } from "./response_head.ts";

/** How long a response's body is. */
export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

const NO_BODY: BodyFraming = { kind: "none" };

/**
 * Decides it by the method asked with and the head (RFC 9112 section 6.3).
 *
 * @throws {H1Error} For heads that two readers could take for different lengths: both framings,
 * lengths that differ, codings that do not end in `chunked`.
 */
export function framingOf(method: string, { status, fields }: ResponseHead): BodyFraming {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return NO_BODY;
  const codings = valuesOf(fields, "transfer-encoding");
  const lengths = new Set(valuesOf(fields, "content-length"));
  if (codings.length > 0) {
    if (lengths.size > 0) throw new H1Error("Response has both a length and a transfer coding");
    if (codings.length > 1 || codings[0] !== "chunked") {
      throw new H1Error("Response has a transfer coding that is not understood");
    }
    return { kind: "chunked" };
  }
  if (lengths.size === 0) return { kind: "until-close" };
  const [length = ""] = lengths;
  if (lengths.size > 1 || !/^\d{1,15}$/.test(length)) {
    throw new H1Error("Response has a length that is none");
  }
  return { kind: "length", bytes: Number(length) };
}
