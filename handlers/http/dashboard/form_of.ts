import type { Context } from "hono";

/** What was sent; an empty form, which nothing believes, for what is none. */
export async function formOf(c: Context): Promise<FormData> {
  try {
    return await c.req.formData();
  } catch (error) {
    if (error instanceof TypeError) return new FormData();
    throw error;
  }
}
