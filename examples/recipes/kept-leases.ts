/**
 * A lock for holders who have no session, such as those who ask over HTTP: two replicas of a service hold
 * it for them. It lives by being kept alive at either, and ends when nobody keeps it alive.
 *
 *   node --conditions=source examples/recipes/kept-leases.ts
 *
 * prints
 *
 *   anna has the lock of nightly at one replica
 *   and keeps it alive at the other
 *   bert would not wait, and does not get it
 *   anna falls silent: bert has it
 *   bert gives it back
 */
import { KeptLeases, queuePath } from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from '../ensemble.ts';

const logger = { debug() {}, info() {}, warn: console.warn };
await using server = await ensemble();
await using firstZk = await connect({ connect: server.connect, onExpired: 'renew' });
await using secondZk = await connect({ connect: server.connect, onExpired: 'renew' });
await using first = new KeptLeases({ zk: firstZk, logger });
await using second = new KeptLeases({ zk: secondZk, logger });

const kind = 'lock';
const path = queuePath(kind, 'nightly');
const keyOf = (holder: string) => ({ kind, subject: path, holder });
const ask = (replica: KeptLeases, holder: string, wait: boolean) =>
  replica.queue.acquire(
    { kind, path, holder, wait, ttl: 1_500, data: holder },
    AbortSignal.timeout(30_000),
  );

const annas = await ask(first, 'anna', false);
if (annas.type === 'granted') console.log('anna has the lock of nightly at one replica');
const kept = await second.keepAlive(keyOf('anna'), AbortSignal.timeout(30_000));
if (kept.type === 'kept') console.log('and keeps it alive at the other');
const hasty = await ask(second, 'bert', false);
if (hasty.type === 'busy') console.log('bert would not wait, and does not get it');

// Whoever holds it works only until `granted.until`, and shows `granted.fencing` to what it protects.
const patient = await ask(second, 'bert', true);
if (patient.type === 'granted') console.log('anna falls silent: bert has it');
if (await first.end(keyOf('bert'), AbortSignal.timeout(30_000))) console.log('bert gives it back');
