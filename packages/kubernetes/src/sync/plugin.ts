import type { DestinationPlugin } from '@meshkeeper/mesh';
import { probe } from '../probe/probe.ts';
import { destinationRights } from '../probe/rights.ts';
import { openKubernetesDataPlane } from './destination.ts';
import { type KubernetesDestinationSettings, kubernetesDestinationSchema } from './settings.ts';

/** Kubernetes as a kind of destinations. */
export const kubernetesDestination: DestinationPlugin<KubernetesDestinationSettings> = {
  kind: 'destination',
  name: 'kubernetes',
  schema: kubernetesDestinationSchema,
  open: openKubernetesDataPlane,
  probe: (settings, context) => probe(settings, (own) => destinationRights(settings, own), context),
};
