import type { Policies } from '@meshkeeper/mesh';

/** Where the instances of services stand for leader of whom no policy says where. */
const ELECTIONS = '/meshkeeper/elections';
const SERVICE = '{service}';

/**
 * The znode at which a service's instances stand for leader; undefined when no policy asks who leads it.
 * A service's name is percent-encoded in it: it may hold what a path may not.
 */
export function electionPath(service: string, policies: Policies): string | undefined {
  const settings = policies.settings(service);
  if (settings === undefined) return undefined;
  const { role, subsets, election = `${ELECTIONS}/${SERVICE}` } = settings;
  if (role === undefined && !subsets.some((subset) => subset.role !== undefined)) return undefined;
  return election.replaceAll(SERVICE, encodeURIComponent(service));
}
