// Server-sent events by `fetch`, which, unlike EventSource, can send a key in a header and say why a stream was refused.

import { request } from "./api.js";

// Calls `on(name, data)` for each event, and returns when the stream ends. `last.id` is kept up to date, and sent.
export async function listen(path, last, signal, on) {
  const answer = await request(path, { headers: last.id ? { "Last-Event-ID": last.id } : {}, signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = read(block);
      if (event.id) last.id = event.id;
      if (event.data) on(event.name, JSON.parse(event.data));
    }
  }
}

function read(block) {
  const event = { name: "message", data: "", id: "" };
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    if (at < 1) continue;
    const field = line.slice(0, at);
    const value = line.slice(at + 2);
    if (field === "event") event.name = value;
    else if (field === "data") event.data += event.data ? `\n${value}` : value;
    else if (field === "id") event.id = value;
  }
  return event;
}
