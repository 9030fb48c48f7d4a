import { GROUP } from '../crd/definition.ts';
import type { ParentRef } from './policy-kinds.ts';
import type { NamedPort, ServiceNaming } from './service-naming.ts';

/** Who refers. */
export interface Referring {
  readonly namespace: string;
  readonly naming: ServiceNaming;
  /** Whether it may refer to a Service of another namespace. */
  readonly mayRefer: (namespace: string, name: string) => boolean;
  /** Told of each reference that it may not make. */
  readonly refused: (service: string) => void;
}

type Fields = Readonly<Record<string, unknown>>;

/** Of no kind that there is: its share of the requests fails, as Gateway API wants it. */
const NOT_PERMITTED = { group: GROUP, kind: 'NotPermitted' } as const;

/** What a parent is called in the mesh: each of its ports, or the one that is named. */
export function parentNames(
  { name, namespace, port, sectionName }: ParentRef,
  home: string,
  naming: ServiceNaming,
): readonly string[] {
  const ports = naming.portsOf(namespace ?? home, name) ?? [];
  const named = ports.filter(
    (each) =>
      (port === undefined || each.port === port) &&
      (sectionName === undefined || each.portName === sectionName),
  );
  return named.map((each) => each.name);
}

/** The rules of a route with the names that Services have in the mesh. Pure. */
export function rulesInMesh(rules: unknown, by: Referring): unknown {
  if (Array.isArray(rules)) return rules.map((each) => rulesInMesh(each, by));
  if (!isFields(rules)) return rules;
  return Object.fromEntries(
    Object.entries(rules).map(([key, value]): [string, unknown] => {
      const inner = rulesInMesh(value, by);
      if (key === 'backendRef') return [key, backendInMesh(inner, by)];
      if (key !== 'backendRefs' || !Array.isArray(inner)) return [key, inner];
      return [key, inner.map((each) => backendInMesh(each, by))];
    }),
  );
}

/** Somewhere that requests go: a Service, or, of our group, a subset of one. */
function backendInMesh(ref: unknown, by: Referring): unknown {
  if (!isFields(ref) || typeof ref.name !== 'string') return ref;
  const { group = '', kind = 'Service', namespace, port, ...rest } = ref;
  const isService = kind === 'Service' && (group === '' || group === 'core');
  const slash = ref.name.indexOf('/');
  if (!isService && (group !== GROUP || kind !== 'Subset' || slash === -1)) return ref;
  const home = typeof namespace === 'string' ? namespace : by.namespace;
  const name = isService ? ref.name : ref.name.slice(0, slash);
  if (home !== by.namespace && !by.mayRefer(home, name)) {
    by.refused(`${home}/${name}`);
    return { ...rest, ...NOT_PERMITTED };
  }
  const found = backendName(home, name, port, by.naming);
  if (isService) return { ...rest, group: '', kind, name: found };
  return { ...rest, group, kind, name: `${found}${ref.name.slice(slash)}` };
}

/** A port that isn't there has no name in the catalog, and what is sent there fails. */
function backendName(
  namespace: string,
  name: string,
  port: unknown,
  naming: ServiceNaming,
): string {
  const ports = naming.portsOf(namespace, name);
  const [first] = ports ?? [];
  if (port === undefined) return first?.name ?? naming.wouldBe(namespace, name);
  const found = ports?.find((each) => each.port === port);
  if (found !== undefined) return found.name;
  const base = first?.name ?? naming.wouldBe(namespace, name);
  return ports === undefined ? base : `${base}:${String(port)}`;
}

/**
 * What a policy of ours is for, with the names of the mesh: Services of its own namespace, with all of their
 * ports. `*` stands for any characters of a Service's name. Pure.
 */
export function targetsInMesh(targets: unknown, home: string, naming: ServiceNaming): unknown {
  if (!Array.isArray(targets)) return targets;
  const all = targets.flatMap((ref: unknown): unknown[] => {
    if (!isFields(ref) || typeof ref.name !== 'string') return [ref];
    const { kind = 'Service', name } = ref;
    if (kind !== 'Service') return [ref];
    const ports: readonly Pick<NamedPort, 'name'>[] = name.includes('*')
      ? []
      : (naming.portsOf(home, name) ?? []);
    const names = ports.length > 0 ? ports.map((port) => port.name) : [naming.wouldBe(home, name)];
    return names.map((each) => ({ ...ref, name: each }));
  });
  const seen = new Set<string>();
  return all.filter((ref) => {
    const key = JSON.stringify(ref);
    return !seen.has(key) && seen.add(key);
  });
}

/** A parent as the mesh refers to it. */
export function parentInMesh(name: string) {
  return { group: '', kind: 'Service', name };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
