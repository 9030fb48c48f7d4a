import type { SourcePlugin } from '@meshkeeper/mesh';
import { type ConsulSourceSettings, consulSourceSchema } from './settings/source.ts';
import { openConsulSource } from './source/consul-source.ts';

/** Consul as a kind of sources. */
export const consulSource: SourcePlugin<ConsulSourceSettings> = {
  kind: 'source',
  name: 'consul',
  schema: consulSourceSchema,
  open: openConsulSource,
};
