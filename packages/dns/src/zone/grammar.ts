import type { Endpoint, SubsetSettings } from '@meshkeeper/mesh';
import { endpointLabel } from './endpoint-label.ts';
import type { CatalogView, Named } from './zone.ts';

/** A part of a service's endpoints. */
export type Part =
  | { readonly type: 'main' }
  | { readonly type: 'leader' }
  | { readonly type: 'subset'; readonly subset: SubsetSettings }
  /** Those that have a tag of Consul's. */
  | { readonly type: 'tag'; readonly tag: string };

/** What a name stands for. */
export type Meaning =
  /** The zone itself. */
  | { readonly type: 'apex' }
  /** Who answers for it. */
  | { readonly type: 'nameserver' }
  /** The endpoints of a service, or a part of them. */
  | { readonly type: 'service'; readonly named: Named; readonly part: Part }
  /** The same, only where, with their ports (SRV). */
  | {
      readonly type: 'ports';
      readonly named: Named;
      readonly part: Part;
      /** Who asks knows no priorities, and weights only in steps of 256. */
      readonly coarse: boolean;
    }
  /** One endpoint. */
  | { readonly type: 'endpoint'; readonly named: Named; readonly endpoint: Endpoint }
  /** An address where there is an endpoint, of whatever service. */
  | { readonly type: 'address'; readonly address: string }
  /** Nothing itself, but there are names below it. */
  | { readonly type: 'inner' };

/** How the names of a zone are built. */
export interface Grammar {
  /** What a name means, which is without the zone's; undefined: there is no such name. */
  read(name: string, view: CatalogView): Meaning | undefined;
  /** The name of one endpoint. */
  endpoint(named: Named, endpoint: Endpoint): string;
  /** The name of who answers for the zone. */
  readonly nameserver: string;
}

/** What stands for `_tcp` in what HAProxy asks for. */
export const HAPROXY_LABEL = '_haproxy';

/**
 * ```
 * <alias>                     a service
 * leader.<alias>              its leader
 * <subset>.<alias>            a subset of it, as its ServicePolicy names it
 * <hash>.addr.<alias>         one endpoint: what SRV and PTR records name
 * _<any of the first three>._tcp    the same with ports (SRV)
 * _<any of the first three>._haproxy    the same as HAProxy understands it
 * ns.dns                      who answers
 * ```
 * What comes first counts: a service that is called `leader.orders` is that.
 */
export const meshGrammar: Grammar = {
  nameserver: 'ns.dns',
  endpoint: ({ alias }, endpoint) => `${endpointLabel(endpoint)}.addr.${alias}`,
  read(name, view) {
    if (name === '') return { type: 'apex' };
    for (const label of ['_tcp', HAPROXY_LABEL]) {
      if (name === label) return { type: 'inner' };
      if (name.endsWith(`.${label}`))
        return ports(name.slice(0, -label.length - 1), view, label === HAPROXY_LABEL);
    }
    const found = partOfService(name, view) ?? endpointOfService(name, view);
    if (found !== undefined) return found;
    if (name === meshGrammar.nameserver) return { type: 'nameserver' };
    return view.isInner(name) || name === 'dns' ? { type: 'inner' } : undefined;
  },
};

function ports(name: string, view: CatalogView, coarse: boolean): Meaning | undefined {
  const found = name.startsWith('_') ? partOfService(name.slice(1), view) : undefined;
  if (found?.type === 'service') return { ...found, type: 'ports', coarse };
  // `orders._tcp` is above `_leader.orders._tcp`.
  const isInner = view.service(name) !== undefined || view.isInner(name);
  return isInner ? { type: 'inner' } : undefined;
}

function partOfService(name: string, view: CatalogView): Meaning | undefined {
  const whole = view.service(name);
  if (whole !== undefined) return { type: 'service', named: whole, part: { type: 'main' } };
  const [label, rest] = firstLabel(name);
  const named = view.service(rest);
  if (named === undefined) return undefined;
  if (label === 'leader') return { type: 'service', named, part: { type: 'leader' } };
  const subset = view
    .settings(named.service)
    ?.subsets.find((candidate) => candidate.name.toLowerCase() === label);
  return subset && { type: 'service', named, part: { type: 'subset', subset } };
}

function endpointOfService(name: string, view: CatalogView): Meaning | undefined {
  const [label, rest] = firstLabel(name);
  if (label === 'addr') return view.service(rest) && { type: 'inner' };
  const [second, alias] = firstLabel(rest);
  const named = second === 'addr' ? view.service(alias) : undefined;
  const endpoint = named?.service.endpoints.find((each) => endpointLabel(each) === label);
  return named && endpoint && { type: 'endpoint', named, endpoint };
}

function firstLabel(name: string): readonly [string, string] {
  const dot = name.indexOf('.');
  return dot === -1 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}
