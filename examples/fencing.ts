/**
 * What a lease can't promise, and how a fencing token makes up for it: a holder is paused (as by a
 * long garbage collection, or a laptop's lid), loses its lock without noticing, and is refused by the
 * resource when it wakes up.
 *
 *   node --conditions=source examples/fencing.ts
 *
 * prints (with other numbers)
 *
 *   the first holder writes with 0.4
 *   the second holder writes with 0.6
 *   the first holder is refused: 0.4 is older than 0.6
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  compareFencing,
  type Fencing,
  formatFencing,
  type Lease,
  Mutex,
  parseFencing,
} from '@meshkeeper/recipes';
import { connect } from '@meshkeeper/zookeeper';
import { ensemble } from './ensemble.ts';

const [servers = '', role] = process.argv.slice(2);
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
  await write(lease);
  // It looks before it writes, as it should, and is paused between the look and the write.
  if (lease.signal.aborted) return;
  process.kill(process.pid, 'SIGSTOP');
  await write(lease);
  process.exit();
}

/** Over the network, in life. */
function write({ fencing }: Lease): Promise<unknown> {
  return new Promise((sent) => process.send?.({ token: formatFencing(fencing) }, sent));
}

async function show(): Promise<void> {
  await using server = await ensemble();
  const ledger = new Ledger();
  const holder = fork(import.meta.filename, [server.connect, 'holder'], {
    execArgv: ['--conditions=source'],
  });
  const tokenOfHolder = async () => {
    const [message] = await once(holder, 'message');
    return parseFencing((message as { token: string }).token)!;
  };
  ledger.write('the first holder', await tokenOfHolder());

  await using zk = await connect({ connect: server.connect });
  // The lock comes free when the paused holder's session has expired.
  await using lease = await new Mutex(zk, LOCK).acquire();
  ledger.write('the second holder', lease.fencing);

  const exit = once(holder, 'exit');
  const belated = tokenOfHolder();
  holder.kill('SIGCONT');
  ledger.write('the first holder', await belated);
  await exit;
}

await (role === 'holder' ? hold() : show());
