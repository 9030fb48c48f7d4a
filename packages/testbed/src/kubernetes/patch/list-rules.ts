/** How the items of a list are told apart. */
export interface ListRule {
  /** By these members in server-side apply; `set` of values; `atomic` is one value as a whole. */
  readonly apply: readonly string[] | 'set' | 'atomic';
  /** By this member in strategic merge patches; the empty name is of a list of values. Default: replaced. */
  readonly merge?: string;
}

/** Lists by the name of their field: what the built-in resources have in common. */
export const LISTS: Readonly<Record<string, ListRule>> = {
  finalizers: { apply: 'set', merge: '' },
  ownerReferences: { apply: ['uid'], merge: 'uid' },
  conditions: { apply: ['type'], merge: 'type' },
  containers: { apply: ['name'], merge: 'name' },
  initContainers: { apply: ['name'], merge: 'name' },
  volumes: { apply: ['name'], merge: 'name' },
  volumeMounts: { apply: ['mountPath'], merge: 'mountPath' },
  env: { apply: ['name'], merge: 'name' },
  imagePullSecrets: { apply: ['name'], merge: 'name' },
  webhooks: { apply: ['name'], merge: 'name' },
  addresses: { apply: 'set' },
};

/** Of ports of a container, and those of a Service. */
export const CONTAINER_PORTS: ListRule = {
  apply: ['containerPort', 'protocol'],
  merge: 'containerPort',
};
export const SERVICE_PORTS: ListRule = { apply: ['port', 'protocol'], merge: 'port' };
