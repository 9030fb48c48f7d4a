import type { SourcePlugin } from '@meshkeeper/mesh';
import { probe } from '../probe/probe.ts';
import { sourceRights } from '../probe/rights.ts';
import { openKubernetesSource } from './kubernetes-source.ts';
import { type KubernetesSourceSettings, kubernetesSourceSchema } from './settings.ts';

/** Kubernetes as a kind of sources. */
export const kubernetesSource: SourcePlugin<KubernetesSourceSettings> = {
  kind: 'source',
  name: 'kubernetes',
  schema: kubernetesSourceSchema,
  open: (settings, context) => openKubernetesSource(settings, context),
  probe: (settings, context) => probe(settings, () => sourceRights(settings), context),
};
