import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Mark } from '@meshkeeper/mesh';
import type { EndpointSlice, KubernetesService } from '../api/objects.ts';
import { serviceObject, servicePatch, servicePort, sliceObject } from './own-objects.ts';
import { pack } from './pack.ts';
import { isInOrder, type Present, type PresentOwnSlice } from './present-objects.ts';
import { serviceEntrySpec } from './service-entry.ts';
import type { SliceSet, WeighedEndpoint } from './slice.ts';
import type { WantedService } from './wanted-services.ts';

/** Something to write. */
export type Write =
  | { readonly type: 'create-service'; readonly object: KubernetesService }
  | { readonly type: 'patch-service'; readonly patch: object }
  | { readonly type: 'delete-service'; readonly uid: string }
  | { readonly type: 'create-slice'; readonly object: EndpointSlice }
  | { readonly type: 'update-slice'; readonly object: EndpointSlice }
  | { readonly type: 'delete-slice'; readonly slice: PresentOwnSlice }
  | { readonly type: 'create-entry'; readonly spec: object }
  | { readonly type: 'update-entry'; readonly spec: object; readonly resourceVersion: string }
  | { readonly type: 'delete-entry' };

/** What has to be known to plan. */
export interface Planning {
  readonly wanted: WantedService | undefined;
  readonly present: Present;
  readonly owner: Mark;
  /** Nothing is taken away now. */
  readonly keep: boolean;
}

/**
 * What is to be written for one service, in the order in which it is safe: what is needed comes before
 * what refers to it, and endpoints come before others go. A Service that has to be made is the only
 * write: its uid is needed for the rest. Pure; of what is as it should be nothing is written.
 */
export function plan(planning: Planning): readonly Write[] {
  const { wanted, present, owner, keep } = planning;
  if (wanted === undefined) return keep ? [] : removal(present);
  const port = servicePort(wanted, present.service);
  if (port === undefined) return keep ? [] : removal(present);
  if (present.service === undefined)
    return [{ type: 'create-service', object: serviceObject(wanted, port, owner) }];
  const patch = servicePatch(present.service, wanted, port);
  return [
    ...(patch === undefined ? [] : [{ type: 'patch-service', patch } as const]),
    ...sliceWrites(wanted, present.slices, present.service.uid, planning),
    ...entryWrites(wanted, present, serviceEntrySpec(wanted, port), keep),
  ];
}

/** How many endpoints are there, and how many of them are to go; a Service counts as one. */
export function removals({ wanted, present }: Omit<Planning, 'owner' | 'keep'>): {
  readonly present: number;
  readonly removing: number;
} {
  let there = present.service === undefined ? 0 : 1;
  let removing = wanted === undefined ? there : 0;
  // What a port is called, or speaks, is not what is reached.
  const reached = new Map<string, SliceSet>();
  for (const set of wanted?.sliced.sets.values() ?? []) reached.set(placeOf(set), set);
  for (const slice of present.slices.values()) {
    const stays = reached.get(placeOf(slice))?.endpoints;
    there += slice.endpoints.length;
    for (const { endpoint } of slice.endpoints)
      if (stays?.has(endpoint.addresses[0] ?? '') !== true) removing++;
  }
  return { present: there, removing };
}

function placeOf({ addressType, ports }: Pick<AnySet, 'addressType' | 'ports'>): string {
  return `${addressType} ${ports.map(({ port }) => port).join()}`;
}

function removal({ service, slices, entry }: Present): Write[] {
  return [
    ...(entry === undefined ? [] : [{ type: 'delete-entry' } as const]),
    ...(service === undefined ? [] : [{ type: 'delete-service', uid: service.uid } as const]),
    ...[...slices.values()].map((slice) => ({ type: 'delete-slice', slice }) as const),
  ];
}

function sliceWrites(
  wanted: WantedService,
  slices: ReadonlyMap<string, PresentOwnSlice>,
  uid: string,
  { owner, keep }: Planning,
): Write[] {
  const of = { namespace: wanted.namespace, name: wanted.name, uid };
  const bySet = Map.groupBy(slices.values(), ({ set }) => set);
  const names = new Set(slices.keys());
  const first: Write[] = [];
  const then: Write[] = [];
  const last: Write[] = [];
  for (const [key, set] of setsOf(wanted, bySet, keep)) {
    const held = bySet.get(key) ?? [];
    const packing = pack(held, set.endpoints);
    for (const endpoints of packing.create) {
      const object = sliceObject(freeName(wanted.name, key, names), of, set, endpoints, owner);
      first.push({ type: 'create-slice', object });
    }
    const versions = new Map(held.map(({ name, resourceVersion }) => [name, resourceVersion]));
    const update = (name: string, endpoints: readonly WeighedEndpoint[]): Write => {
      const { metadata, ...object } = sliceObject(name, of, set, endpoints, owner);
      const resourceVersion = versions.get(name) ?? '';
      return {
        type: 'update-slice',
        object: { metadata: { ...metadata, resourceVersion }, ...object },
      };
    };
    for (const { name, endpoints } of packing.update) then.push(update(name, endpoints));
    const touched = new Set([...packing.update.map(({ name }) => name), ...packing.delete]);
    for (const slice of held)
      if (touched.has(slice.name)) {
        if (packing.delete.includes(slice.name)) last.push({ type: 'delete-slice', slice });
      } else if (!isInOrder(slice, uid)) then.push(update(slice.name, slice.endpoints));
  }
  return [...first, ...then, ...last];
}

type AnySet = Omit<SliceSet, 'addressType'> & Pick<EndpointSlice, 'addressType'>;

/** The sets that are wanted, and those that are only there: of these nothing stays, or all. */
function* setsOf(
  { sliced }: WantedService,
  bySet: ReadonlyMap<string, readonly PresentOwnSlice[]>,
  keep: boolean,
): Generator<readonly [string, AnySet]> {
  for (const [key, set] of sliced.sets)
    yield [key, keep ? { ...set, endpoints: union(bySet.get(key) ?? [], set) } : set];
  for (const [key, [slice]] of bySet)
    if (!keep && slice !== undefined && !sliced.sets.has(key))
      yield [key, { addressType: slice.addressType, ports: slice.ports, endpoints: new Map() }];
}

function union(
  slices: readonly PresentOwnSlice[],
  { endpoints }: SliceSet,
): ReadonlyMap<string, WeighedEndpoint> {
  const all = new Map(
    slices.flatMap((slice) =>
      slice.endpoints.map((each) => [each.endpoint.addresses[0] ?? '', each] as const),
    ),
  );
  for (const [address, each] of endpoints) all.set(address, each);
  return all;
}

/** A name that no other slice of the service has: the same for the same set, whoever asks. */
function freeName(service: string, key: string, names: Set<string>): string {
  const stem = `${service}-${hash('sha256', key, 'hex').slice(0, 5)}`;
  for (let i = 0; ; i++) {
    const name = `${stem}-${i}`;
    if (names.has(name)) continue;
    names.add(name);
    return name;
  }
}

function entryWrites(
  wanted: WantedService,
  { entry }: Present,
  spec: object | undefined,
  keep: boolean,
): Write[] {
  if (spec === undefined) return entry === undefined || keep ? [] : [{ type: 'delete-entry' }];
  if (entry === undefined)
    return wanted.service.endpoints.length === 0 ? [] : [{ type: 'create-entry', spec }];
  if (keep || isDeepStrictEqual(entry.spec, spec)) return [];
  return [{ type: 'update-entry', spec, resourceVersion: entry.resourceVersion }];
}
