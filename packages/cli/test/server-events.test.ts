import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RawEvent, serverEvents } from '../src/server-events.ts';

async function read(...chunks: readonly string[]) {
  const body = ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)));
  const events: RawEvent[] = [];
  for await (const event of serverEvents(body as ReadableStream<Uint8Array<ArrayBuffer>>))
    events.push(event);
  return events;
}

test('events come whole, however they are cut up', async () => {
  const events = [
    { event: 'state', data: '{"a":1}' },
    { event: 'message', data: 'é\nb' },
  ];
  const text =
    'id: 7\nevent: state\ndata: {"a":1}\n\n: still here\n\ndata: é\r\ndata: b\r\n\r\ndata: cut';
  assert.deepEqual(await read(text), events);
  assert.deepEqual(await read(...text), events);
});
