/** A node as the catalog has it. Of all records: replaced when they change, never written to. */
export interface NodeRecord {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter: string;
  readonly TaggedAddresses: Readonly<Record<string, string>> | null;
  readonly Meta: Readonly<Record<string, string>> | null;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** An address that a service has besides its own. */
export interface TaggedAddress {
  readonly Address: string;
  readonly Port: number;
}

/** An instance of a service, on a node. */
export interface ServiceRecord {
  readonly ID: string;
  readonly Service: string;
  /** Null where none are stated, which reads tell as empty. */
  readonly Tags: readonly string[] | null;
  readonly Address: string;
  readonly TaggedAddresses: Readonly<Record<string, TaggedAddress>> | null;
  readonly Meta: Readonly<Record<string, string>> | null;
  readonly Port: number;
  readonly Weights: { readonly Passing: number; readonly Warning: number };
  readonly EnableTagOverride: boolean;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** A check of a node, or of an instance on it. */
export interface CheckRecord {
  readonly Node: string;
  readonly CheckID: string;
  readonly Name: string;
  readonly Status: string;
  readonly Notes: string;
  readonly Output: string;
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly ServiceTags: readonly string[] | null;
  readonly Type: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** A record without what the catalog itself says of it. */
export type Stated<T> = Omit<T, 'CreateIndex' | 'ModifyIndex'>;
