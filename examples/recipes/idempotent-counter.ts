/**
 * A counter that counts each id once, however often it is told: after a broken connection, or from a
 * queue that delivers at least once.
 *
 *   node --conditions=source examples/recipes/idempotent-counter.ts
 *
 * prints
 *
 *   first order: +1
 *   second order: +1
 *   first order, delivered again: +0, counted before
 */
import { randomUUID } from 'node:crypto';
import { IdempotentCounter } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const PATH = '/examples/idempotent-counter';

await using server = await ensemble();
await using anna = await connect({ connect: server.connect });
await using bert = await connect({ connect: server.connect });
const annas = new IdempotentCounter(anna, PATH);
const berts = new IdempotentCounter(bert, PATH);

async function count(counter: IdempotentCounter, id: string): Promise<string> {
  const before = await counter.get();
  const { repeated } = await counter.increment(id);
  const added = (await counter.get()) - before;
  return `+${added}${repeated ? ', counted before' : ''}`;
}

// An id is whatever names the event: an order's number, a message's.
const first = randomUUID();
const second = randomUUID();
console.log(`first order: ${await count(annas, first)}`);
console.log(`second order: ${await count(berts, second)}`);
console.log(`first order, delivered again: ${await count(berts, first)}`);
