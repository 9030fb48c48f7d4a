import type { Node } from '../../codec/messages.ts';

/**
 * How a data plane gets virtual hosts: inside of their route configuration, all of which is sent again
 * when one changes; or apart, each as a resource of its own (VHDS).
 */
export type RouteForm = 'inside' | 'apart';

/** The first Envoy that takes virtual hosts by aggregated streams: 1.36 rejects the configuration. */
const FIRST_MAJOR = 1;
const FIRST_MINOR = 37;

/** What a program calls itself that asks for virtual hosts one by one, when it first calls them. */
export const ON_DEMAND_AGENT = 'meshkeeper-sdk';

/** Whether a node takes virtual hosts apart, when it gets everything by one incremental stream. */
export function takesVirtualHosts({ userAgentName, userAgentBuildVersion }: Node): boolean {
  if (userAgentName === ON_DEMAND_AGENT) return true;
  if (userAgentName !== 'envoy') return false;
  const { majorNumber, minorNumber } = userAgentBuildVersion?.version ?? {};
  const [major, minor] = [majorNumber ?? 0, minorNumber ?? 0];
  return major > FIRST_MAJOR || (major === FIRST_MAJOR && minor >= FIRST_MINOR);
}
