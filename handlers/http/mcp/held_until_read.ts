/** The same response, which gives something back once its body is read or given up. */
export function heldUntilRead(response: Response, held: Disposable): Response {
  const { body, status, headers } = response;
  if (!body) {
    held[Symbol.dispose]();
    return response;
  }
  const reader = body.getReader();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        held[Symbol.dispose]();
      } catch (error) {
        held[Symbol.dispose]();
        throw error;
      }
    },
    async cancel(reason) {
      held[Symbol.dispose]();
      await reader.cancel(reason);
    },
  });
  return new Response(stream, { status, headers });
}
