import type { Node } from '../../codec/messages.ts';

/**
 * How a data plane gets virtual hosts: inside of their route configuration, all of which is sent again
 * when one changes; apart, each as a resource of its own (VHDS); or apart and by name, for who asks for them one by
 * one: then a host that is not told by its service's name is one of its own, too.
 */
export type RouteForm = 'inside' | 'apart' | 'by-name';

/** The first Envoy that takes virtual hosts by aggregated streams: 1.36 rejects the configuration. */
const FIRST_MAJOR = 1;
const FIRST_MINOR = 37;

/** What a program calls itself that asks for virtual hosts one by one, when it first calls them. */
export const ON_DEMAND_AGENT = 'meshkeeper-sdk';

/** How a node gets virtual hosts, when it gets everything by one incremental stream. */
export function routeFormOf({ userAgentName, userAgentBuildVersion }: Node): RouteForm {
  if (userAgentName === ON_DEMAND_AGENT) return 'by-name';
  if (userAgentName !== 'envoy') return 'inside';
  const { majorNumber, minorNumber } = userAgentBuildVersion?.version ?? {};
  const [major, minor] = [majorNumber ?? 0, minorNumber ?? 0];
  const takes = major > FIRST_MAJOR || (major === FIRST_MAJOR && minor >= FIRST_MINOR);
  return takes ? 'apart' : 'inside';
}
