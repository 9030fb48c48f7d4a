import { QUOTA_PATH } from './special-paths.ts';

/** Names of the znodes under `/zookeeper/quota/<path>`. */
export const LIMITS = 'zookeeper_limits';
export const STATS = 'zookeeper_stats';

/** The path that a znode below `/zookeeper/quota` is about. */
export function quotaSubject(parent: string): string {
  return parent.slice(QUOTA_PATH.length);
}

/** Where the use of a quota is counted. */
export function statsPath(subject: string): string {
  return `${QUOTA_PATH}${subject}/${STATS}`;
}

/**
 * Reads `count=4,bytes=5=;countHardLimit=10`. What can't be read counts as unset, -1; the order of
 * the original's writer is kept.
 */
export function parseStats(data: Buffer | null): Map<string, number> {
  const stats = new Map<string, number>();
  for (const pair of (data?.toString('utf8') ?? '').split(/[,;]+/)) {
    const [key, value] = pair.split('=');
    if (key) stats.set(key, value && Number.isFinite(Number(value)) ? Number(value) : -1);
  }
  return stats;
}

/** Writes what {@link parseStats} reads, as the original's `StatsTrack`. */
export function formatStats(stats: ReadonlyMap<string, number>): Buffer {
  const text = `count=${stats.get('count') ?? -1},bytes=${stats.get('bytes') ?? -1}`;
  const others = [...stats].filter(([key]) => key !== 'count' && key !== 'bytes').sort();
  const more = others.map(([key, value]) => `;${key}=${value}`).join('');
  return Buffer.from(others.length > 0 ? `${text}=${more}` : text);
}

/** Which paths have a quota. */
export class QuotaIndex {
  readonly #subjects = new Set<string>();

  add(subject: string): void {
    this.#subjects.add(subject);
  }

  delete(subject: string): void {
    this.#subjects.delete(subject);
  }

  /** The nearest of the path and its ancestors that has a quota; never the root. */
  covering(path: string): string | undefined {
    if (this.#subjects.size === 0) return undefined;
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/')))
      if (this.#subjects.has(at)) return at;
    return undefined;
  }
}
