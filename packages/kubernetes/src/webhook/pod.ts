/** A container of a pod, as far as it is looked at here. */
export interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly containerPort: number; readonly protocol?: string }[];
}

/** A pod, as far as it is looked at here. */
export interface Pod {
  readonly metadata?: {
    readonly name?: string;
    readonly generateName?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly initContainers?: readonly Container[] | null;
    readonly containers?: readonly Container[];
    readonly volumes?: readonly { readonly name: string }[] | null;
  };
}

/** A change of an object, as RFC 6902 writes it. */
export interface PatchOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}
