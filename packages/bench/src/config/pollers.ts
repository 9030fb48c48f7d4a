/**
 * Waits for what instances get, with next to no work of its own: `pollers.ts API COUNT FIRST`. Each
 * client has a connection, and asks `resolve` with the tag of what it has. Says `ready`, then by IPC
 * when each had the next value of `counter`.
 */
import { connect } from 'node:net';
import { now } from '../propagation/now.ts';
import { Arrivals, clientNames } from './arrivals.ts';

const [api = '', count = '0', first = '0'] = process.argv.slice(2);
const { hostname, port, host } = new URL(api);
const HEAD_END = Buffer.from('\r\n\r\n');
const VALUE = Buffer.from('"counter":{"type":"text","value":"');
const instances = clientNames(Number(count), Number(first));
const arrivals = new Arrivals(instances);

function open(instance: string): void {
  const socket = connect({ port: Number(port), host: hostname, noDelay: true });
  const ask = (etag: string) =>
    socket.write(
      `GET /api/v1/config/shop/resolve?profile=prod&instance=${instance}&wait=60s HTTP/1.1\r\nhost: ${host}\r\nif-none-match: ${etag}\r\n\r\n`,
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
    const value = answer.indexOf(VALUE);
    if (value < 0) throw new Error(`there is no counter in what ${api} answers`);
    const digits = answer.toString('latin1', value + VALUE.length, value + VALUE.length + 10);
    arrivals.had(instance, Number.parseInt(digits, 10), at);
  });
  socket.on('end', () => {
    throw new Error(`${api} has ended the connection of ${instance}`);
  });
  socket.on('error', (error) => {
    throw error;
  });
}

instances.forEach(open);
