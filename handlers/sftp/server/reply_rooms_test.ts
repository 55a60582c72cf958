import { notStrictEqual, ok, strictEqual } from "node:assert/strict";

import { ReplyRooms } from "./reply_rooms.ts";

Deno.test("ReplyRooms lends a room again once it was given back", () => {
  const rooms = new ReplyRooms();
  const first = rooms.take(40_000);
  const second = rooms.take(40_000);
  notStrictEqual(first.buffer, second.buffer);
  rooms.give(first.subarray(0, 10));
  strictEqual(rooms.take(30_000).buffer, first.buffer);
});

Deno.test("ReplyRooms keeps nothing small, and not more than a few", () => {
  const rooms = new ReplyRooms();
  const small = rooms.take(100);
  rooms.give(small);
  notStrictEqual(rooms.take(100).buffer, small.buffer);
  const all = Array.from({ length: 20 }, () => rooms.take(20_000));
  for (const room of all) rooms.give(room);
  const again = new Set(Array.from({ length: 20 }, () => rooms.take(20_000).buffer));
  strictEqual(all.filter(({ buffer }) => again.has(buffer)).length, 8);
});

Deno.test("ReplyRooms gives no room that is too small", () => {
  const rooms = new ReplyRooms();
  rooms.give(rooms.take(20_000));
  ok(rooms.take(60_000).length >= 60_000);
});
