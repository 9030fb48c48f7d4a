import { type Clock, systemClock } from './clock.ts';
import { type Logger, silentLogger } from './logger.ts';
import { ZooKeeperServerError } from './server-error.ts';
import type { Storage } from './storage/storage.ts';

/** Four-letter words that the server knows; none of them changes anything. */
export const WORDS = [
  'ruok',
  'srvr',
  'stat',
  'mntr',
  'conf',
  'cons',
  'isro',
  'wchs',
  'envi',
] as const;
export type FourLetterWord = (typeof WORDS)[number];

/** How the embedded server is started. */
export interface ZooKeeperServerOptions {
  /** Port for clients; 0 takes a free one. Default 2181. */
  readonly port?: number | undefined;
  /** Address to listen on. Default 127.0.0.1: this machine only. */
  readonly host?: string | undefined;
  /** Directory for log and snapshots; made if it is missing. Default none: nothing outlives the process. */
  readonly dataDir?: string | undefined;
  /** Storage of one's own, instead of `dataDir`. The server closes it. */
  readonly storage?: Storage | undefined;
  /** ZooKeeper's unit of time in milliseconds; sessions expire in steps of it. Default 2,000. */
  readonly tickTime?: number | undefined;
  /** Shortest session timeout granted, in milliseconds. Default two ticks. */
  readonly minSessionTimeout?: number | undefined;
  /** Longest session timeout granted, in milliseconds. Default twenty ticks. */
  readonly maxSessionTimeout?: number | undefined;
  /** Connections from one address, 0 for any number. Default 0, unlike the original's 60: everybody is local. */
  readonly maxClientConnections?: number | undefined;
  /** Whether znodes with a time to live are allowed. Default true; the original's default is false. */
  readonly extendedTypes?: boolean | undefined;
  /** `user:base64(SHA1("user:password"))` of the administrator, whom no ACL stops. Default none. */
  readonly superDigest?: string | undefined;
  /** Four-letter words that are answered. Default `srvr`, as the original. */
  readonly fourLetterWords?: readonly FourLetterWord[] | undefined;
  /** How often containers and TTL nodes are looked through, in milliseconds. Default 60,000. */
  readonly reapInterval?: number | undefined;
  /** Transactions after which a snapshot is written. Default 100,000. */
  readonly snapshotEvery?: number | undefined;
  /** Default none. */
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
}

/** Options with all defaults in place. */
export interface ResolvedOptions {
  readonly port: number;
  readonly host: string;
  readonly tickTime: number;
  readonly minSessionTimeout: number;
  readonly maxSessionTimeout: number;
  readonly maxClientConnections: number;
  readonly extendedTypes: boolean;
  readonly superDigest: string | undefined;
  readonly fourLetterWords: ReadonlySet<string>;
  readonly reapInterval: number;
  readonly snapshotEvery: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Puts defaults in place and checks ranges.
 *
 * @throws ZooKeeperServerError `bad-option` that names every bad one.
 */
export function resolveOptions(options: ZooKeeperServerOptions): ResolvedOptions {
  const tickTime = options.tickTime ?? 2_000;
  const resolved = {
    port: options.port ?? 2181,
    host: options.host ?? '127.0.0.1',
    tickTime,
    minSessionTimeout: options.minSessionTimeout ?? 2 * tickTime,
    maxSessionTimeout: options.maxSessionTimeout ?? 20 * tickTime,
    maxClientConnections: options.maxClientConnections ?? 0,
    extendedTypes: options.extendedTypes ?? true,
    superDigest: options.superDigest,
    fourLetterWords: new Set<string>(options.fourLetterWords ?? ['srvr']),
    reapInterval: options.reapInterval ?? 60_000,
    snapshotEvery: options.snapshotEvery ?? 100_000,
    logger: options.logger ?? silentLogger,
    clock: options.clock ?? systemClock,
  };
  const wrong: string[] = [];
  const check = (name: keyof typeof resolved, least: number, most: number) => {
    const value = resolved[name];
    if (!Number.isInteger(value) || Number(value) < least || Number(value) > most)
      wrong.push(`${name} is ${String(value)}; give an integer from ${least} to ${most}`);
  };
  check('port', 0, 65_535);
  check('tickTime', 1, 3_600_000);
  check('minSessionTimeout', 1, 0x7fffffff);
  check('maxSessionTimeout', resolved.minSessionTimeout, 0x7fffffff);
  check('maxClientConnections', 0, 1_000_000);
  check('reapInterval', 1, 0x7fffffff);
  check('snapshotEvery', 1, 0x7fffffff);
  if (options.dataDir !== undefined && options.storage !== undefined)
    wrong.push('dataDir and storage exclude each other; give one of them');
  if (wrong.length > 0) throw new ZooKeeperServerError('bad-option', `${wrong.join('. ')}.`);
  return resolved;
}
