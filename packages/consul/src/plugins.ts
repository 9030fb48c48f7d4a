import type { DestinationPlugin, SourcePlugin } from '@meshkeeper/mesh';
import { probe } from './client/probe.ts';
import { type ConsulDestinationSettings, consulDestinationSchema } from './settings/destination.ts';
import { type ConsulSourceSettings, consulSourceSchema } from './settings/source.ts';
import { openConsulSource } from './source/consul-source.ts';
import { openConsulDataPlane } from './sync/consul-destination.ts';

/** Consul as a kind of sources. */
export const consulSource: SourcePlugin<ConsulSourceSettings> = {
  kind: 'source',
  name: 'consul',
  schema: consulSourceSchema,
  open: openConsulSource,
  probe: (settings, context) =>
    probe(
      settings,
      settings.datacenters.length === 0 ? [undefined] : settings.datacenters,
      context,
    ),
};

/** Consul as a kind of destinations. */
export const consulDestination: DestinationPlugin<ConsulDestinationSettings> = {
  kind: 'destination',
  name: 'consul',
  schema: consulDestinationSchema,
  open: openConsulDataPlane,
  probe: (settings, context) => probe(settings, [settings.datacenter], context),
};
