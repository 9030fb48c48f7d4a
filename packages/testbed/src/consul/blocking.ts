import type { ConsulCatalog } from './catalog.ts';
import { ConsulFault } from './consul-fault.ts';
import type { Read } from './reads.ts';

const DEFAULT_WAIT = 300_000;
const LONGEST_WAIT = 600_000;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration of Go's, which has a unit. @throws ConsulFault 400 */
function goDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text)
    throw new ConsulFault(400, 'Invalid wait time');
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
}

/** The answer's index: once that is another than the one that is known, or the time is over. */
export async function awaited(
  catalog: ConsulCatalog,
  read: Read,
  query: URLSearchParams,
  gone: AbortSignal,
): Promise<number> {
  const now = () => catalog.indexOf(...read.topics(catalog));
  const index = query.get('index') ?? '0';
  const stated = query.get('wait');
  const wait = Math.min(LONGEST_WAIT, stated === null ? DEFAULT_WAIT : goDuration(stated));
  if (!/^\d+$/.test(index)) throw new ConsulFault(400, 'Invalid index');
  const known = Number(index);
  if (known === 0 || now() > known || wait === 0) return now();
  const { promise, resolve } = Promise.withResolvers<void>();
  const wakes = () => catalog.indexOf(...(read.wakes ?? read.topics(catalog)));
  let before = now();
  let woken = wakes();
  const unfollow = catalog.follow(() => {
    // Of a restore all are told, of an index that is not newer than theirs too.
    if ((now() > known && wakes() !== woken) || now() < before) resolve();
    before = now();
    woken = wakes();
  });
  const timer = setTimeout(resolve, wait + (read.jitter ? Math.random() * (wait / 16) : 0));
  gone.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  unfollow();
  return now();
}
