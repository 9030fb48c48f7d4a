import type { AddressType } from './address.ts';

/** Fitness of an endpoint, as EndpointSlices say it. */
export interface SliceConditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

/** An endpoint of an EndpointSlice. */
export interface SliceEndpoint {
  /** Ours have one. */
  readonly addresses: readonly string[];
  readonly conditions?: SliceConditions;
  readonly zone?: string;
  readonly hints?: { readonly forZones?: readonly { readonly name: string }[] };
}

/** A port of an EndpointSlice. */
export interface SlicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** The endpoints of a service that one kind of slice can hold: one address type, one set of ports. */
export interface SliceSet {
  readonly addressType: AddressType;
  readonly ports: readonly SlicePort[];
  /** By address. */
  readonly endpoints: ReadonlyMap<string, WeighedEndpoint>;
}

/** An endpoint, with what a slice has no field for. */
export interface WeighedEndpoint {
  readonly endpoint: SliceEndpoint;
  readonly weight: number;
}

/** What a set is known by among those of its service. */
export function sliceSetKey({
  addressType,
  ports,
}: {
  readonly addressType: string;
  readonly ports: readonly SlicePort[];
}): string {
  const told = ports.map(({ name, port, protocol, appProtocol = '' }) =>
    [name, port, protocol, appProtocol].join('/'),
  );
  return [addressType, ...told.sort()].join(' ');
}

/** True when both say the same of an endpoint. */
export function sameSliceEndpoint(a: SliceEndpoint, b: SliceEndpoint): boolean {
  return (
    a === b ||
    (a.zone === b.zone &&
      a.conditions?.ready === b.conditions?.ready &&
      a.conditions?.serving === b.conditions?.serving &&
      a.conditions?.terminating === b.conditions?.terminating &&
      same(a.addresses, b.addresses) &&
      same(zonesOf(a), zonesOf(b)))
  );
}

function zonesOf({ hints }: SliceEndpoint): readonly string[] {
  return hints?.forZones?.map(({ name }) => name) ?? [];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}
