/** What carries requests: Envoy, the embedded proxy, or a gRPC client that asks the control plane itself. */
export type DataPlane = 'envoy' | 'embedded' | 'grpc';

/** All of them, with what people call them. */
export const DATA_PLANES: Readonly<Record<DataPlane, string>> = {
  envoy: 'Envoy',
  embedded: 'the embedded proxy',
  grpc: 'gRPC clients',
};

/** Something that an operator has written and a data plane doesn't do. */
export interface Unsupported {
  /** The field. */
  readonly path: readonly PropertyKey[];
  /** What becomes of it, and what to write instead where there is something. */
  readonly reason: string;
}
