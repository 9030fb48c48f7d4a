/** A load generator for machines without wrk: one request at a time on each of many connections. */
import { connect } from 'node:net';
import { quantile } from '../statistics.ts';
import type { LoadOptions, LoadResult } from './load.ts';

// The argument is what `load.ts` passes.
const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const request = `GET / HTTP/1.1\r\nHost: ${options.host}\r\n\r\n`;
const latencies: number[] = [];
let errors = 0;
const began = performance.now();
const end = began + options.seconds * 1000;

function open(): void {
  const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
  let sent = 0;
  let held = '';
  const send = () => {
    sent = performance.now();
    socket.write(request);
  };
  socket.on('connect', send);
  socket.on('data', (bytes) => {
    held += bytes.toString('latin1');
    const head = held.indexOf('\r\n\r\n');
    const length = /content-length: (\d+)/i.exec(held.slice(0, Math.max(0, head)))?.[1];
    if (head < 0 || held.length < head + 4 + Number(length ?? 0)) return;
    if (held.startsWith('HTTP/1.1 2')) latencies.push(performance.now() - sent);
    else errors++;
    held = '';
    if (performance.now() < end) send();
    else socket.end();
  });
  socket.on('error', () => errors++);
}

process.on('beforeExit', () => {
  if (latencies.length === 0 && errors === 0) return;
  const sorted = Float64Array.from(latencies).sort();
  const result: LoadResult = {
    requests: sorted.length,
    errors,
    perSecond: sorted.length / ((performance.now() - began) / 1000),
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
  };
  latencies.length = 0;
  errors = 0;
  console.log(JSON.stringify(result));
});
for (let i = 0; i < options.connections; i++) open();
