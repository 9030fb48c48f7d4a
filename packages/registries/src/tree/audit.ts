import { setTimeout } from 'node:timers/promises';
import type { Stat, ZooKeeper } from '@meshkeeper/zookeeper';
import type { Mirror } from './mirror.ts';

/** What an audit looks through. */
export interface AuditOptions {
  readonly zk: ZooKeeper;
  readonly root: string;
  readonly mirror: Mirror;
  /** One recursive watch is what tells of everything. */
  readonly recursive: boolean;
  /** Milliseconds from one audit to the next, on average. */
  readonly interval: number;
  readonly signal: AbortSignal;
  /** True while all events that have come are dealt with. */
  readonly idle: () => boolean;
}

/** Directories that are compared in one audit, and znodes of any kind. A larger tree takes several. */
const DIRECTORIES = 900;
const ZNODES = 100;
/** Requests under way at once. */
const CONCURRENCY = 16;
/** A difference that stays, seen so many times, so many milliseconds apart, is no event on its way. */
const LOOKS = 3;
const APART = 500;

/**
 * Looks now and then whether an event was lost: asks the server for the watch, and compares the
 * Stats of some znodes with what was told. Resolves with true when something was missed, with false
 * at the signal's abort.
 */
export async function audit(options: AuditOptions): Promise<boolean> {
  const { mirror, interval, signal } = options;
  const directories = walk(() => mirror.parents());
  const znodes = walk(() => mirror.paths());
  while (!signal.aborted) {
    // Jittered: many that began together drift apart.
    await setTimeout(interval * (0.75 + Math.random() / 2), undefined, {
      signal,
      ref: false,
    }).catch(() => {});
    if (signal.aborted || options.zk.state.type !== 'connected') continue;
    try {
      if (!(await watched(options))) return !signal.aborted;
      const paths = [...take(directories, DIRECTORIES), ...take(znodes, ZNODES)];
      // An absent root has nothing to be compared: whether it is there still has to be asked.
      if (paths.length === 0) paths.push(options.root);
      if (await missed(paths, options)) return !signal.aborted;
    } catch {
      // What failed is for the session to say; another audit follows.
    }
  }
  return false;
}

/** Servers before 3.9 can't be asked: then the comparison alone has to find it. */
async function watched({ zk, root, recursive, signal }: AuditOptions): Promise<boolean> {
  if (!recursive) return true;
  return zk.checkWatches(root, 'persistentRecursive', { signal }).catch(() => true);
}

async function missed(paths: readonly string[], options: AuditOptions): Promise<boolean> {
  let suspects = paths;
  for (let look = 0; look < LOOKS && suspects.length > 0; look++) {
    if (look > 0) await setTimeout(APART, undefined, { signal: options.signal, ref: false });
    suspects = await different(suspects, options);
  }
  return suspects.length > 0;
}

/** Those that differ, although all that was told until the answer came has been dealt with. */
async function different(paths: readonly string[], options: AuditOptions): Promise<string[]> {
  const { zk, mirror, signal, idle } = options;
  const found: string[] = [];
  for (let i = 0; i < paths.length; i += CONCURRENCY) {
    const compared = paths.slice(i, i + CONCURRENCY).map(async (path) => {
      const stat = await zk.exists(path, { signal });
      if (idle() && !isSame(path, stat, mirror)) found.push(path);
    });
    await Promise.all(compared);
  }
  return found;
}

function isSame(path: string, stat: Stat | null, mirror: Mirror): boolean {
  if (mirror.unreadable.has(path)) return true;
  const version = mirror.version(path);
  if (stat === null || version === undefined) return stat === null && version === undefined;
  return (
    version.czxid === stat.czxid &&
    version.mzxid === stat.mzxid &&
    mirror.childCount(path) === stat.numChildren
  );
}

/** Goes round what there is, as it is at the time. */
function* walk(list: () => Iterable<string>): Generator<string | undefined, never> {
  for (;;) {
    yield* list();
    yield undefined;
  }
}

/** The next ones, up to the end of a round. */
function take(walk: Iterator<string | undefined>, count: number): string[] {
  const paths: string[] = [];
  while (paths.length < count) {
    const { value } = walk.next();
    if (value === undefined) break;
    paths.push(value);
  }
  return paths;
}
