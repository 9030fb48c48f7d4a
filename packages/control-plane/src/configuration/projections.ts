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

type Rule = ConfigurationConfig['projections'][number];

/** What is projected. */
export interface ProjectionsOptions {
  readonly rules: readonly Rule[];
  readonly shared: string;
  readonly zk: ZooKeeper;
  readonly live: LiveConfig;
  readonly logger: Logger;
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
  { shared, zk, live, logger }: ProjectionsOptions,
  signal: AbortSignal,
): Promise<void> {
  const projector = new Projector({ zk, name: rule.name });
  let news = Promise.withResolvers<void>();
  const wake = () => news.resolve();
  const stop = live.onChange(wake);
  signal.addEventListener('abort', wake, { once: true });
  let told = '';
  try {
    while (!signal.aborted) {
      news = Promise.withResolvers();
      try {
        // What is half known would be taken for what is gone.
        if (!live.stale) {
          const { problems } = await projector.apply(wantedOf(rule, live, shared), signal);
          const text = JSON.stringify(problems);
          if (text !== told && problems.length > 0)
            logger.warn(
              { projection: rule.name, problems: problems.slice(0, 10) },
              'not projected',
            );
          told = text;
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
