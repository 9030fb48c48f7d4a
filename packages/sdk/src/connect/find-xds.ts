import { setTimeout as pause } from 'node:timers/promises';
import type { HostPort } from '@meshkeeper/xds';
import type { ApiClient } from '../api/api-client.ts';
import { DiskCache } from '../cache/disk-cache.ts';
import type { Settings } from './connect-options.ts';

/** Where data planes connect to, unless somebody says otherwise. */
const PORT = 7071;
/** Milliseconds between two tries. */
const AGAIN = 200;

interface Listeners {
  readonly xds: { readonly host?: string; readonly port: number };
}

/**
 * The control plane's xDS server: as it was stated, or as the API says. Where no API answers: as it was kept, or
 * where it usually is; where nothing is kept the API has half of `connectTimeout` to come up.
 * @throws the signal's reason
 */
export async function findXds(
  { xds, servers, cacheDir, connectTimeout, service, logger }: Settings,
  api: ApiClient,
  signal: AbortSignal = new AbortController().signal,
): Promise<HostPort> {
  if (xds !== undefined) return xds;
  const late = AbortSignal.timeout(Math.ceil(connectTimeout / 2));
  const both = AbortSignal.any([signal, late]);
  try {
    for (;;) {
      const answer = await api.call<Listeners>({ method: 'GET', path: '/listeners', signal: both });
      // It listens at every address of its machine, unless it says at which.
      if (answer.type === 'done') return { host: hostOf(api.server), ...answer.value.xds };
      logger.debug({ err: answer.error }, 'the API does not say where its xDS server is');
      if (answer.type === 'refused') break;
      const kept = cacheDir && (await new DiskCache(cacheDir, service, logger).read());
      if (kept) return kept.xds ?? usual(servers);
      await pause(AGAIN, undefined, { signal: both });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
  }
  return usual(servers);
}

function usual([first = '']: readonly string[]): HostPort {
  return { host: hostOf(first), port: PORT };
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
