import type { ZooKeeper } from '../client.ts';
import { difference } from './comparison.ts';
import type { Mirror } from './mirror.ts';

/** What an audit looks through. */
export interface AuditOptions {
  readonly zk: ZooKeeper;
  readonly mirror: Mirror;
  readonly root: string;
  readonly recursive: boolean;
  /** Milliseconds from one audit to the next, on average. */
  readonly interval: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Znodes compared in one audit; a larger cache takes several for one round. */
const SAMPLE = 1000;
const JITTERS = 64;

/**
 * Looks now and then whether anything was missed: asks the server for the watch, and compares the
 * next znodes with what is kept. A mismatch that no event has told of means that the watch, or an
 * event of it, was lost. Lists of children that have changed are read again and compared, too.
 */
export class Audit {
  readonly #options: AuditOptions;
  #timer: NodeJS.Timeout | undefined;
  #walk: Iterator<string> | undefined;
  #stopped = false;
  #missed = 0;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** How often something was found missed, and set right. */
  get missed(): number {
    return this.#missed;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { interval, random } = this.#options;
    // Jittered by a quarter each way: many clients that began together drift apart. In steps, because
    // Node keeps something for each length of a timer until that much time has passed.
    const wait = interval * (0.75 + Math.floor(random() * JITTERS) / (2 * JITTERS));
    this.#timer = setTimeout(() => {
      const again = () => {
        if (!this.#stopped) this.#schedule();
      };
      this.#look().then(again, again); // what failed is for the session to say
    }, wait).unref();
  }

  async #look(): Promise<void> {
    const { mirror } = this.#options;
    if (mirror.state !== 'fresh') return;
    for (const path of mirror.refill.unreadable) mirror.refill.look(path);
    const right = (await this.#watched()) && (await this.#compare());
    if (right || this.#stopped || mirror.state !== 'fresh') return;
    this.#missed++;
    mirror.lost();
  }

  /** Servers before 3.9 can't be asked: then the comparison alone has to find it. */
  async #watched(): Promise<boolean> {
    const { zk, root, recursive } = this.#options;
    const list = recursive ? 'persistentRecursive' : 'persistent';
    return zk.checkWatches(root, list).catch(() => true);
  }

  async #compare(): Promise<boolean> {
    const paths = [...this.#next()];
    const same = await Promise.all(paths.map((path) => this.#same(path)));
    return !same.includes(false);
  }

  *#next(): Generator<string> {
    const { store } = this.#options.mirror;
    // An absent root has nothing to be compared: whether it is there still has to be asked.
    if (store.size === 0) yield this.#options.root;
    for (let i = 0; i < SAMPLE; i++) {
      this.#walk ??= store.paths()[Symbol.iterator]();
      const { value, done } = this.#walk.next();
      if (done) {
        this.#walk = undefined;
        return;
      }
      yield value;
    }
  }

  /** Whether what is kept of a znode is as the server says, or an event has told of the difference. */
  async #same(path: string): Promise<boolean> {
    const { zk, mirror } = this.#options;
    const { store, refill } = mirror;
    const stat = await zk.exists(path);
    // What is being read anyway is compared another time; so is what has gone meanwhile.
    if (refill.work.concerns(path) || mirror.state !== 'fresh') return true;
    if (stat === null || !store.has(path))
      return (stat !== null) === store.has(path) || refill.unreadable.has(path);
    const { data, children } = difference(store, path, stat);
    if (data) return false;
    return !children || !refill.listable(path) || this.#sameChildren(path);
  }

  /** Their number may have changed with every event told: only the list itself can say. */
  async #sameChildren(path: string): Promise<boolean> {
    const { zk, mirror } = this.#options;
    const { store, refill } = mirror;
    const { children, stat } = await zk.children(path);
    const at = path === '/' ? path : `${path}/`;
    const present = new Set(children);
    const differ = [
      ...children.filter((name) => !store.has(at + name)),
      ...(store.children(path) ?? []).filter((name) => !present.has(name)),
    ];
    const untold = differ.some(
      (name) => !refill.work.concerns(at + name) && !refill.unreadable.has(at + name),
    );
    if (!untold && differ.length === 0)
      store.listed(path, { pzxid: stat.pzxid, cversion: stat.cversion });
    return !untold;
  }
}
