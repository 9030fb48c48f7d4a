/** Annotations of a Service that say how it is read. */
export const ANNOTATIONS = {
  /** `false`: not at all; `true`: where only annotated ones are. */
  sync: 'meshkeeper.io/sync',
  /** What it is called in the mesh. Default: `name.namespace`. */
  name: 'meshkeeper.io/service-name',
  /** Name or number of its first port. */
  port: 'meshkeeper.io/service-port',
  /** Of each of its endpoints: 0 to 65535. */
  weight: 'meshkeeper.io/weight',
  /** What begins so is metadata of its endpoints. */
  metadata: 'meshkeeper.io/metadata.',
} as const;
