import type { DestinationPlugin, SourcePlugin } from '@meshkeeper/mesh';

/**
 * The kinds that need no plug-in, by name, a row each. They are imported when they are configured: who
 * doesn't use them doesn't wait for them.
 */
export const SOURCE_KINDS: ReadonlyMap<string, () => Promise<SourcePlugin>> = new Map([
  [
    'kubernetes',
    async (): Promise<SourcePlugin> => (await import('@meshkeeper/kubernetes')).kubernetesSource,
  ],
  ['consul', async (): Promise<SourcePlugin> => (await import('@meshkeeper/consul')).consulSource],
]);

/** The same of destinations. */
export const DESTINATION_KINDS: ReadonlyMap<string, () => Promise<DestinationPlugin>> = new Map([
  [
    'kubernetes',
    async (): Promise<DestinationPlugin> =>
      (await import('@meshkeeper/kubernetes')).kubernetesDestination,
  ],
  [
    'consul',
    async (): Promise<DestinationPlugin> => (await import('@meshkeeper/consul')).consulDestination,
  ],
]);
