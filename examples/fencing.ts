/**
 * What a lease can't promise, and how a fencing token makes up for it: a holder is paused (as by a
 * long garbage collection, or a laptop's lid), loses its lock without noticing, and is refused by the
 * resource when it wakes up.
 *
 *   meshkeeper zookeeper --port 2181 &
 *   node --conditions=source examples/fencing.ts 127.0.0.1:2181
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  compareFencing,
  type Fencing,
  formatFencing,
  Mutex,
  parseFencing,
} from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';

const [servers = '127.0.0.1:2181', role] = process.argv.slice(2);
const LOCK = '/examples/fencing';

/** The resource that the lock protects: it takes no write with a token older than the newest. */
class Ledger {
  #newest: Fencing | undefined;

  write(who: string, token: Fencing): void {
    if (this.#newest !== undefined && compareFencing(token, this.#newest) < 0) {
      console.log(
        `${who} is refused: ${formatFencing(token)} is older than ${formatFencing(this.#newest)}`,
      );
      return;
    }
    this.#newest = token;
    console.log(`${who} writes with ${formatFencing(token)}`);
  }
}

async function hold(): Promise<void> {
  const zk = await connect({ connect: servers, sessionTimeout: 1000 });
  const lease = await new Mutex(zk, LOCK).acquire();
  process.send?.({ token: formatFencing(lease.fencing) });
  // Told to write once more, it does, without knowing how long it was paused.
  process.on('message', () => process.send?.({ token: formatFencing(lease.fencing) }));
  process.once('disconnect', () => process.exit());
}

async function show(): Promise<void> {
  const ledger = new Ledger();
  const holder = fork(import.meta.filename, [servers, 'holder'], {
    execArgv: ['--conditions=source'],
  });
  const tokenOfHolder = async () => {
    const [message] = await once(holder, 'message');
    return parseFencing((message as { token: string }).token)!;
  };
  ledger.write('the first holder', await tokenOfHolder());

  holder.kill('SIGSTOP');
  await using zk = await connect({ connect: servers });
  // The lock comes free when the paused holder's session has expired.
  await using lease = await new Mutex(zk, LOCK).acquire();
  ledger.write('the second holder', lease.fencing);

  holder.kill('SIGCONT');
  holder.send('write');
  ledger.write('the first holder', await tokenOfHolder());
  holder.disconnect();
  await once(holder, 'exit');
}

await (role === 'holder' ? hold() : show());
