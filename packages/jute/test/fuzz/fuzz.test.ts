import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  connectRequest,
  connectResponse,
  dataResults,
  FrameSplitter,
  JuteError,
  MAX_FRAME,
  nameList,
  operations,
  Reader,
  replyHeader,
  requestHeader,
  type Type,
  Writer,
  watcherEvent,
} from '../../src/index.ts';
import { path, sides, stat, written } from '../samples.ts';
import { mutate } from './mutate.ts';
import { seeded } from './seeded.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const FRAMES = SOAK ? 2_000_000 : 50_000;
const SEED = Number(process.env.MESHKEEPER_SEED ?? 20_268);
/** Bytes that the heap may grow by from the first tenth of the frames to the last. */
const GROWTH = 2_000_000;
/** How many times the processor's time of a frame that is right a broken one may take. */
const SLOWER = 20;

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');
// Most of an error's price is its stack, and half of the frames are one.
Error.stackTraceLimit = 0;

/** Something that is read, and bytes of it that are right. */
interface Readable {
  readonly name: string;
  readonly bytes: Buffer;
  /** Everything of it, also what is read later. */
  read(reader: Reader): unknown;
}

function readable<T>(
  name: string,
  type: Type<T>,
  value: T,
  later: (read: T) => unknown = () => {},
): Readable {
  const writer = new Writer();
  type.write(writer, value);
  return { name, bytes: writer.take(), read: (reader) => later(type.read(reader)) };
}

const { response: dataType } = operations.getData;
const dataWritten = written(
  sides.find(({ name, side }) => name === 'getData' && side === 'response')!,
);
const password = Buffer.alloc(16, 7);
const session = { protocolVersion: 0, timeout: 4000, sessionId: 1n, password, readOnly: false };

const readables: readonly Readable[] = [
  ...sides.map((side) => readable(`${side.name} ${side.side}`, side.type, side.value)),
  readable('request header', requestHeader, { xid: 1, type: 4 }),
  readable('reply header', replyHeader, { xid: 1, zxid: 2n, err: 0 }),
  readable('connect request', connectRequest, { ...session, lastZxidSeen: 5n }),
  readable('connect response', connectResponse, session),
  readable('notification', watcherEvent, { type: 1, state: 3, path }),
  // What was left as it came must be right then: nobody is there any more to be told.
  readable('data results', dataResults, [dataWritten, -101, dataWritten], (results) => {
    for (const result of results)
      if (typeof result !== 'number') unbroken(() => dataType.read(new Reader(result)));
  }),
  readable('name list', nameList, { names: ['a', 'bc', path, ''], stat }, ({ names }) =>
    unbroken(() => [...names]),
  ),
];

function unbroken(read: () => unknown): void {
  try {
    read();
  } catch (cause) {
    throw new Error('it was read as right, and is not', { cause });
  }
}

/** Whether it could be read; anything else than a JuteError is thrown on. */
function isRight({ name, read }: Readable, bytes: Buffer): boolean {
  try {
    read(new Reader(bytes));
    return true;
  } catch (error) {
    if (error instanceof JuteError) return false;
    throw new Error(`${name}: ${bytes.toString('hex')}`, { cause: error });
  }
}

/** Processor's milliseconds that frames take, each made by `frameOf`, and how many were right. */
function readAll(count: number, frameOf: (bytes: Buffer) => Buffer) {
  let right = 0;
  const begun = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const one = readables[i % readables.length]!;
    if (isRight(one, frameOf(one.bytes))) right++;
  }
  const { user, system } = process.cpuUsage(begun);
  return { right, milliseconds: (user + system) / 1000 };
}

test(`${FRAMES} broken frames of every kind are read, or refused with a typed error`, (t) => {
  const random = seeded(SEED);
  const broken = (bytes: Buffer) => mutate(bytes, random);
  readAll(FRAMES / 10, broken);
  gc();
  const heap = process.memoryUsage().heapUsed;
  const { right, milliseconds } = readAll((FRAMES * 9) / 10, broken);
  gc();
  const grown = process.memoryUsage().heapUsed - heap;
  const all = readAll((FRAMES * 9) / 10, (bytes) => Buffer.from(bytes));
  const slower = milliseconds / all.milliseconds;
  t.diagnostic(
    `${right} of them right, ${Math.round(milliseconds)} ms, ${slower.toFixed(1)} times as long as right ones, heap +${Math.round(grown / 1000)} kB, seed ${SEED}`,
  );
  assert.equal(all.right, (FRAMES * 9) / 10);
  assert.ok(right > FRAMES / 20 && right < FRAMES * 0.8, 'some can be read, some not');
  assert.ok(grown < GROWTH, `the heap grew by ${grown} bytes`);
  assert.ok(slower < SLOWER, `${slower} times as long`);
});

test(`streams of ${FRAMES} broken frames are cut into frames, or refused`, (t) => {
  const random = seeded(SEED);
  const PER_STREAM = 10;
  let frames = 0;
  let refused = 0;
  for (let sent = 0; sent < FRAMES; sent += PER_STREAM) {
    const parts: Buffer[] = [];
    for (let i = 0; i < PER_STREAM; i++) {
      const { bytes } = readables[(sent + i) % readables.length]!;
      const length = Buffer.alloc(4);
      length.writeInt32BE(bytes.length);
      parts.push(length, bytes);
    }
    // Lengths are broken as well as what they are in front of.
    const stream = mutate(Buffer.concat(parts), random);
    const splitter = new FrameSplitter(MAX_FRAME);
    try {
      for (let at = 0; at < stream.length; ) {
        const end = at + 1 + Math.floor(random() * 200);
        splitter.push(stream.subarray(at, end), (frame) => {
          isRight(readables[frames++ % readables.length]!, frame);
        });
        at = end;
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error;
      refused++;
    }
  }
  t.diagnostic(`${frames} frames came out, ${refused} streams were refused, seed ${SEED}`);
  assert.ok(frames > FRAMES / 10 && refused > 0);
});
