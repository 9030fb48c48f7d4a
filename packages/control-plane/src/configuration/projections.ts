import { setTimeout } from 'node:timers/promises';
import {
  dubboLayout,
  type LiveConfig,
  Projector,
  springLayout,
  type Wanted,
} from '@meshkeeper/config';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { ConfigurationConfig } from '../config/configuration-schema.ts';
import { type AuditSink, tellOwn } from './own-audit.ts';

/** Problems of a projection that are told at once, at most. */
const TOLD = 10;

type Rule = ConfigurationConfig['projections'][number];

/** What is projected. */
export interface ProjectionsOptions {
  readonly rules: readonly Rule[];
  readonly shared: string;
  readonly zk: ZooKeeper;
  readonly live: LiveConfig;
  readonly logger: Logger;
  readonly audit: AuditSink;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Before what has failed is tried again, in milliseconds. */
const PAUSE = 1_000;

/** Writes what is released in the layouts of others, until the signal aborts. */
export async function project(options: ProjectionsOptions, signal: AbortSignal): Promise<void> {
  if (options.rules.length === 0) return;
  await options.live.ready;
  await Promise.all(options.rules.map((rule) => follow(rule, options, signal)));
}

async function follow(
  rule: Rule,
  { shared, zk, live, logger, audit, now }: ProjectionsOptions,
  signal: AbortSignal,
): Promise<void> {
  const projector = new Projector({ zk, name: rule.name });
  let news = Promise.withResolvers<void>();
  const wake = () => news.resolve();
  const stop = live.onChange(wake);
  signal.addEventListener('abort', wake, { once: true });
  let told: ReadonlySet<string> = new Set();
  try {
    while (!signal.aborted) {
      news = Promise.withResolvers();
      try {
        // What is half known would be taken for what is gone.
        if (!live.stale) {
          const { problems } = await projector.apply(wantedOf(rule, live, shared), signal);
          const { name: projection } = rule;
          const fresh = problems.filter(({ path }) => !told.has(path)).slice(0, TOLD);
          if (fresh.length > 0) logger.warn({ projection, problems: fresh }, 'not projected');
          for (const { path, message: reason } of fresh)
            tellOwn(audit, now(), 'projectConfig', { projection, path, reason }, 'failed');
          told = new Set(problems.map(({ path }) => path));
        }
        await news.promise;
      } catch (err) {
        if (signal.aborted) return;
        logger.warn({ projection: rule.name, err }, 'configuration can not be projected now');
        await setTimeout(PAUSE, undefined, { signal });
      }
    }
  } finally {
    stop();
    signal.removeEventListener('abort', wake);
  }
}

function wantedOf({ layout, root, applications }: Rule, live: LiveConfig, shared: string): Wanted {
  const all = [...live.published()].filter(
    ({ application }) => applications === undefined || applications.includes(application),
  );
  return layout === 'spring' ? springLayout(all, root) : dubboLayout(all, root, shared);
}
