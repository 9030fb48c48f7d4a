import type { ServicePort } from '../api/objects.ts';
import type { NamedPort } from '../gateway-api/service-naming.ts';
import { ANNOTATIONS } from './annotations.ts';
import type { KeptService } from './kept-service.ts';

/** What a Service that says nothing else is called in the catalog. */
export function defaultName(namespace: string, name: string): string {
  return `${name}.${namespace}`;
}

/** What the catalog calls the port of a Service that is not its first. */
export function portName(service: string, { name, port }: ServicePort): string {
  return `${service}:${name || port}`;
}

/** What a Service is called in the catalog. */
export function serviceName({
  namespace,
  name,
  annotations,
}: Pick<KeptService, 'namespace' | 'name' | 'annotations'>): string {
  return annotations[ANNOTATIONS.name] || defaultName(namespace, name);
}

/** The ports of TCP, with the one in front that stands for the Service; `missing` is one that is annotated and isn't there. */
export function portsInOrder({
  ports,
  annotations,
  type,
}: Pick<KeptService, 'ports' | 'annotations' | 'type'>): {
  readonly ports: readonly ServicePort[];
  readonly missing?: string;
} {
  const wanted = annotations[ANNOTATIONS.port];
  if (wanted === undefined) return { ports };
  const found = ports.find(({ name, port }) => name === wanted || String(port) === wanted);
  if (found !== undefined) return { ports: [found, ...ports.filter((port) => port !== found)] };
  const number = Number(wanted);
  // An ExternalName has no use for ports in Kubernetes.
  if (type === 'ExternalName' && Number.isInteger(number) && number > 0 && number < 65_536)
    return { ports: [{ port: number }, ...ports] };
  return { ports, missing: wanted };
}

/** What the ports of a Service are called in the catalog, the one that stands for it first. */
export function namedPorts(service: KeptService): readonly NamedPort[] {
  const name = serviceName(service);
  const { ports } = portsInOrder(service);
  return ports.map((port, i) => ({
    name: i === 0 ? name : portName(name, port),
    port: port.port,
    ...(port.name !== undefined && { portName: port.name }),
  }));
}
