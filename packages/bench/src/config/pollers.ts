/**
 * Waits for what instances get, with next to no work of its own: `pollers.ts API COUNT FIRST`. Each
 * client has a connection, and asks `resolve` with the tag of what it has. Says `ready`, then by IPC
 * when each had the next value of `counter`.
 */
import { connect } from 'node:net';
import { now } from '../propagation/now.ts';
import { Arrivals } from './arrivals.ts';

const [api = '', count = '0', first = '0'] = process.argv.slice(2);
const { hostname, port, host } = new URL(api);
const HEAD_END = Buffer.from('\r\n\r\n');
const VALUE = Buffer.from('"counter":{"type":"text","value":"');
const arrivals = new Arrivals(Number(count));

function open(instance: number): void {
  const socket = connect({ port: Number(port), host: hostname, noDelay: true });
  const ask = (etag: string) =>
    socket.write(
      `GET /api/v1/config/shop/resolve?profile=prod&instance=i-${instance}&wait=60s HTTP/1.1\r\nhost: ${host}\r\nif-none-match: ${etag}\r\n\r\n`,
    );
  let parts: Buffer[] = [];
  /** Bytes that the answer lacks yet; undefined before its head was read. */
  let left: number | undefined;
  socket.on('connect', () => ask('""'));
  socket.on('data', (bytes) => {
    parts.push(bytes);
    if (left === undefined) {
      const head = bytes.indexOf(HEAD_END);
      if (head < 0) throw new Error('the head comes in parts');
      const length = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, head))?.[1];
      left = Number(length ?? 0) + head + HEAD_END.length;
    }
    left -= bytes.length;
    if (left > 0) return;
    const at = now();
    const answer = parts.length === 1 ? bytes : Buffer.concat(parts);
    [parts, left] = [[], undefined];
    const text = answer.toString('latin1', 0, 1_024);
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(text);
    ask(/etag: (\S+)/i.exec(text)?.[1] ?? '');
    const value = answer.indexOf(VALUE) + VALUE.length;
    arrivals.had(Number.parseInt(answer.toString('latin1', value, value + 10), 10), at);
  });
  socket.on('error', (error) => {
    throw error;
  });
}

for (let i = 0; i < Number(count); i++) open(Number(first) + i);
