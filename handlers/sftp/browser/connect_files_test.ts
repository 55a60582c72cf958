import { rejects } from "node:assert/strict";

import { CarrierError, connectFiles } from "./mod.ts";

Deno.test("a node that takes the connection and never answers is given up", async () => {
  // The carriers had a time limit, what began on them had none: a page waited for ever.
  const sockets: WebSocket[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (request.method === "POST") return Response.json({ ticket: "t" }, { status: 201 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    sockets.push(socket);
    return response;
  });
  const node = `http://127.0.0.1:${server.addr.port}`;
  const connecting = connectFiles({
    node,
    token: "alk_x",
    carriers: ["websocket"],
    carrierTimeoutMs: 1_000,
  });
  await rejects(connecting, (error) => {
    return error instanceof CarrierError && error.message === "Cannot begin SFTP: no answer";
  });
  const closed = sockets.map((socket) =>
    new Promise((resolve) => {
      if (socket.readyState === WebSocket.CLOSED) resolve(undefined);
      else socket.onclose = resolve;
    })
  );
  await Promise.all(closed);
});
