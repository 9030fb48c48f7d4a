import type { DestinationPlugin } from '@meshkeeper/mesh';
import { openKubernetesDataPlane } from './destination.ts';
import { type KubernetesDestinationSettings, kubernetesDestinationSchema } from './settings.ts';

/** Kubernetes as a kind of destinations. */
export const kubernetesDestination: DestinationPlugin<KubernetesDestinationSettings> = {
  kind: 'destination',
  name: 'kubernetes',
  schema: kubernetesDestinationSchema,
  open: openKubernetesDataPlane,
};
