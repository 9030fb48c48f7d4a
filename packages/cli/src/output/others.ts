import type { MembersView } from '../proxies.ts';

/** For people: how many data planes other replicas have; undefined when there are no others. */
export function othersText({ members, knowledge }: MembersView): string | undefined {
  const others = members.filter(({ self }) => !self);
  if (others.length === 0)
    return knowledge === 'away'
      ? 'ZooKeeper is away: whether there are other replicas is not known now'
      : undefined;
  const planes = others.reduce((sum, { dataPlanes }) => sum + (dataPlanes?.connected ?? 0), 0);
  const which =
    others.length === 1 ? '1 other replica has' : `${others.length} other replicas have`;
  const stale = knowledge === 'all' ? '' : ', as it was when ZooKeeper was there';
  const ids = others.map(({ id }) => id).join(', ');
  return `${which} ${planes} data ${planes === 1 ? 'plane' : 'planes'}${stale}: ${ids}`;
}
