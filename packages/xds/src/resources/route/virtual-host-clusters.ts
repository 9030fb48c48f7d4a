import type { VirtualHost } from '../../codec/messages.ts';

/** The clusters that the routes of a virtual host lead to, copies among them. */
export function clustersOfVirtualHost({ routes }: VirtualHost): string[] {
  const names = (routes ?? []).flatMap(({ route }) => [
    route?.cluster,
    ...(route?.weightedClusters?.clusters ?? []).map(({ name }) => name),
    ...(route?.requestMirrorPolicies ?? []).map(({ cluster }) => cluster),
  ]);
  return names.filter((name): name is string => Boolean(name));
}
