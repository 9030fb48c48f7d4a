/**
 * Asks a DNS server by UDP, always `window` questions at once, and says in JSON how that went:
 * `load.ts PORT TYPE WINDOW SECONDS`.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { quantile } from '../statistics.ts';
import { ENDPOINTS, NAMES } from './world.ts';

/** How it went. */
export interface Load {
  readonly answered: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Not answered, or not with all endpoints. */
  readonly failed: number;
}

const TYPES: Readonly<Record<string, number>> = { A: 1, SRV: 33 };
/** A question that was not answered by then is lost. */
const LOST = 1_000;

async function run(port: number, type: string, window: number, seconds: number): Promise<Load> {
  const questions = NAMES.map((name) => question(type === 'SRV' ? `_${name}._tcp` : name, type));
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const sentAt = new Float64Array(window);
  const times: number[] = [];
  let failed = 0;
  let next = 0;
  const from = performance.now();
  const end = from + seconds * 1000;
  const ask = (slot: number, now: number) => {
    const message = Buffer.from(questions[next++ % questions.length]!);
    message.writeUInt16BE(slot, 0);
    sentAt[slot] = now;
    socket.send(message);
  };
  socket.on('message', (reply) => {
    const now = performance.now();
    const slot = reply.readUInt16BE(0);
    times.push(now - sentAt[slot]!);
    if (reply.readUInt16BE(6) !== ENDPOINTS) failed++;
    if (now < end) ask(slot, now);
    else sentAt[slot] = Number.POSITIVE_INFINITY;
  });
  for (let slot = 0; slot < window; slot++) ask(slot, performance.now());
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      sentAt.forEach((at, slot) => {
        if (now - at < LOST) return;
        failed++;
        ask(slot, now);
      });
      if (now < end) return;
      clearInterval(timer);
      resolve();
    }, 50);
  });
  socket.close();
  const sorted = Float64Array.from(times).sort();
  const perSecond = times.length / seconds;
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  return { answered: times.length, perSecond, p50, p99, failed };
}

/** A question with EDNS, as resolvers ask. */
function question(name: string, type: string): Buffer {
  const labels = [...name.split('.'), 'mesh'].map((label) =>
    Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]),
  );
  const head = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  const asked = Buffer.from([0, 0, TYPES[type]!, 0, 1]);
  const opt = Buffer.from([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...labels, asked, opt]);
}

const [port, type, window, seconds] = process.argv.slice(2);
console.log(JSON.stringify(await run(Number(port), type!, Number(window), Number(seconds))));
