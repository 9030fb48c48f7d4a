import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { Validator } from '../schema/validator.ts';
import { NO_SEALER, type Sealer } from '../secrets/sealer.ts';
import { Applications } from './applications.ts';
import { ChunkCache } from './chunk-cache.ts';
import type { Audit, StoreContext } from './context.ts';
import { Drafts } from './drafts.ts';
import { Garbage } from './garbage.ts';
import { Grays } from './grays.ts';
import type { OwnDeed } from './own-deed.ts';
import { CONFIG_ROOT, Paths } from './paths.ts';
import { Releases } from './releases.ts';
import { Removal } from './removal.ts';
import { Schedule } from './schedule.ts';
import { Signals } from './signals.ts';

/** What the store takes. */
export interface ConfigStoreOptions {
  readonly zk: ZooKeeper;
  /** Default `/meshkeeper/config`. */
  readonly root?: string;
  readonly logger?: Logger;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Records of what is done, in the transaction that does it. Default none. */
  readonly audit?: Audit;
  /** Is told what is done by itself, because it is due: by the store that has done it. Default nobody. */
  readonly onOwnDeed?: (deed: OwnDeed) => void;
  /** Bytes of chunks that are remembered. Default 64 MiB. */
  readonly cacheSize?: number;
  /** Without it there are no secrets. */
  readonly sealer?: Sealer;
}

const SILENT: Logger = { debug() {}, info() {}, warn() {} };

/** Configuration in ZooKeeper. Every change is one transaction, made once or not at all. */
export class ConfigStore {
  /** The znode that all of it is under. */
  readonly root: string;
  readonly applications: Applications;
  readonly drafts: Drafts;
  readonly releases: Releases;
  readonly grays: Grays;
  readonly schedule: Schedule;
  readonly signals: Signals;
  readonly garbage: Garbage;
  readonly removal: Removal;

  constructor({
    zk,
    root = CONFIG_ROOT,
    logger = SILENT,
    now = Date.now,
    audit = () => [],
    onOwnDeed = () => {},
    cacheSize,
    sealer = NO_SEALER,
  }: ConfigStoreOptions) {
    this.root = root;
    const chunks = new ChunkCache(zk, cacheSize);
    const paths = new Paths(root);
    const context: StoreContext = { zk, paths, chunks, logger, now, audit, onOwnDeed };
    const validator = new Validator();
    this.applications = new Applications(context);
    this.drafts = new Drafts(context, validator, sealer);
    this.releases = new Releases(context, this.applications);
    this.grays = new Grays(context, this.releases);
    this.schedule = new Schedule(context, this.releases);
    this.garbage = new Garbage(context, this.schedule);
    this.removal = new Removal(context, this.applications);
    this.signals = new Signals(context, this.applications, this.grays);
  }
}
