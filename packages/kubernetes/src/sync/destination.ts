import type { DataPlane, DestinationContext } from '@meshkeeper/mesh';
import { ApiClient } from '../api/api-client.ts';
import { KubernetesDataPlane } from './kubernetes-data-plane.ts';
import type { PublishRule } from './publish-rule.ts';
import type { KubernetesDestinationSettings } from './settings.ts';

/** What a destination needs of where it runs. */
export type KubernetesDestinationContext = Pick<
  DestinationContext,
  'name' | 'logger' | 'mesh' | 'resolve' | 'leader'
>;

/**
 * Opens a cluster that services are brought to.
 * @throws KubernetesError `NO_CONFIGURATION`
 */
export async function openKubernetesDataPlane(
  settings: KubernetesDestinationSettings,
  { name, logger, mesh, resolve, leader }: KubernetesDestinationContext,
): Promise<DataPlane> {
  const { kubeconfig, context, maxDeleteShare, allowMassDelete, writesPerSecond } = settings;
  const client = await ApiClient.open({
    kubeconfig: kubeconfig === undefined ? undefined : resolve(kubeconfig),
    context,
  });
  const rules = rulesOf(settings, client.namespace);
  const plane = new KubernetesDataPlane({
    ...{ client, name, mesh, rules, leader, logger },
    ...{ maxRemovedShare: maxDeleteShare, allowMassDelete, writesPerSecond },
    close: () => client.close(),
  });
  return plane;
}

/** The rules of the settings, and one for the rest. */
function rulesOf(
  { rules, ...all }: KubernetesDestinationSettings,
  own: string,
): readonly PublishRule[] {
  return [...rules, { services: ['*'] }].map((rule: (typeof rules)[number]) => ({
    services: rule.services,
    namespace: rule.namespace ?? all.namespace ?? own,
    type: rule.type ?? all.type,
    port: rule.port ?? all.port,
    zoneHints: rule.zoneHints ?? all.zoneHints,
    serviceEntry: rule.serviceEntry ?? all.serviceEntry,
  }));
}
