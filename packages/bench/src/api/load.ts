/**
 * Loads a server from a process of its own: `load.ts JSON`. One request at a time on each of many
 * connections. Prints one line, what came of it.
 */
import { connect } from 'node:net';
import type { LoadRequest, LoadResult } from './protocol.ts';

// The argument is what `measure.ts` passes.
const { port, method, paths, headers, body, connections, seconds } = JSON.parse(
  process.argv[2] ?? '{}',
) as LoadRequest;
const HEAD_END = Buffer.from('\r\n\r\n');
/** Tells the requests of this process from those of another. */
const run = `${process.pid}-${Date.now()}`;
const fixed = Object.entries(headers)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const payload = body ?? '';
let sent = 0;
let done = 0;
let failed: string | undefined;
const began = performance.now();
const end = began + seconds * 1000;

/** `{n}` stands for a number that no other request has. */
function next(): string {
  const n = sent++;
  const path = paths[n % paths.length] ?? '/';
  const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${fixed}`.replaceAll(
    '{n}',
    `${run}-${n}`,
  );
  const length = body === undefined ? '' : `content-length: ${Buffer.byteLength(payload)}\r\n`;
  return `${head}${length}\r\n${payload}`;
}

function open(): void {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const send = () => socket.write(next());
  let head = Buffer.alloc(0);
  /** Bytes that the answer lacks yet; undefined before its head was read. */
  let left: number | undefined;
  socket.on('connect', send);
  socket.on('data', (bytes) => {
    if (left === undefined) {
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
      const at = head.indexOf(HEAD_END);
      if (at < 0) return;
      const text = head.toString('latin1', 0, at);
      if (!text.startsWith('HTTP/1.1 2')) failed ??= head.toString();
      left = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0) - (head.length - at - 4);
      head = Buffer.alloc(0);
    } else left -= bytes.length;
    if (left > 0) return;
    left = undefined;
    done++;
    if (performance.now() < end && failed === undefined) send();
    else socket.end();
  });
  socket.on('error', (error) => {
    failed ??= String(error);
  });
}

for (let i = 0; i < connections; i++) open();
process.once('beforeExit', () => {
  const result: LoadResult = {
    requests: done,
    perSecond: done / ((performance.now() - began) / 1000),
    ...(failed !== undefined && { failed }),
  };
  console.log(JSON.stringify(result));
});
