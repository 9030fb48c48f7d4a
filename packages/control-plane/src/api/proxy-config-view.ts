import {
  type MessagePrinter,
  type ProxyStatus,
  RESOURCE_TYPES,
  type ResourceStatus,
  type ResourceType,
  resourceTypeOf,
  type StreamResources,
  textsOf,
} from '@meshkeeper/xds';
import { timeView, typeView } from './proxy-views.ts';

/** Which of a data plane's resources are wanted; all, without either. */
export interface ConfigFilter {
  readonly type?: ResourceType | undefined;
  readonly name?: string | undefined;
}

/** What one stream of a data plane is served, resource by resource, readable. */
export function streamConfigView(
  { stream, peer, userAgent, userAgentVersion, appliedRevision }: ProxyStatus,
  { node, resources }: StreamResources,
  { type, name }: ConfigFilter,
  printer: MessagePrinter,
) {
  const wanted = resources.filter(
    (each) =>
      (type === undefined || isOf(type, each)) && (name === undefined || each.name === name),
  );
  const { region, zone, subZone } = node.locality ?? {};
  return {
    stream,
    peer,
    node: {
      id: node.id ?? '',
      cluster: node.cluster ?? '',
      locality: { region: region ?? '', zone: zone ?? '', subzone: subZone ?? '' },
      userAgent,
      userAgentVersion,
      metadata: textsOf(node.metadata),
    },
    appliedRevision,
    resources: wanted
      .map((each) => resourceView(each, printer))
      .sort((a, b) => rank(a.type) - rank(b.type) || (a.name < b.name ? -1 : 1)),
  };
}

/** Virtual hosts are routes, whether a data plane gets them apart or not. */
function isOf(wanted: ResourceType, { typeUrl }: ResourceStatus): boolean {
  const type = resourceTypeOf(typeUrl);
  return type === wanted || (wanted === 'route' && type === 'virtualHost');
}

const STATUS = {
  requested: 'pending',
  missing: 'missing',
  acked: 'acked',
  nacked: 'nacked',
} as const;

function resourceView(resource: ResourceStatus, printer: MessagePrinter) {
  const { typeUrl, name, version, state, served } = resource;
  return {
    type: typeView(typeUrl),
    name,
    /** As it was sent last; of one that it rejects, the version that it rejects. */
    version,
    status: STATUS[state],
    ...(resource.state === 'nacked' && {
      error: { message: resource.message, at: timeView(resource.at) },
    }),
    /** What it should have, where that is another version than was sent. */
    ...(served && served.version !== version && { servedVersion: served.version }),
    ...(served && { resource: printer.print(served.any) }),
  };
}

const ORDER = Object.values(RESOURCE_TYPES).map(({ typeUrl }) => typeView(typeUrl));

function rank(type: string): number {
  return ORDER.indexOf(type);
}
