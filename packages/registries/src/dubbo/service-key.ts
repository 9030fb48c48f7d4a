/** Which service: Dubbo's interface with its version and group. Empty: none. */
export interface ServiceKey {
  readonly interface: string;
  readonly version: string;
  readonly group: string;
}

/** `*` is any, in an interface, a version or a group. */
const ANY = '*';

/** The service's name in the catalog: `interface:version:group` without empty parts at its end. */
export function nameOf({ interface: iface, version, group }: ServiceKey): string {
  if (group !== '') return `${iface}:${version}:${group}`;
  return version === '' ? iface : `${iface}:${version}`;
}

/** The service that a name stands for: the opposite of {@link nameOf}. A group may hold colons. */
export function keyOf(name: string): ServiceKey {
  const first = name.indexOf(':');
  if (first === -1) return { interface: name, version: '', group: '' };
  const second = name.indexOf(':', first + 1);
  return {
    interface: name.slice(0, first),
    version: second === -1 ? name.slice(first + 1) : name.slice(first + 1, second),
    group: second === -1 ? '' : name.slice(second + 1),
  };
}

/** How Dubbo itself writes a service: `group/interface:version`. */
export function dubboKeyOf({ interface: iface, version, group }: ServiceKey): string {
  return `${group === '' ? '' : `${group}/`}${iface}${version === '' ? '' : `:${version}`}`;
}

/**
 * Whether a consumer that wants this is given that service: the interface, the version and the group
 * are `*`, or equal, or the latter two a list with the service's in it, in which an empty part stands
 * for none. A consumer that names no group wants a service without.
 */
export function matches(service: ServiceKey, wanted: ServiceKey): boolean {
  return (
    (wanted.interface === ANY || wanted.interface === service.interface) &&
    isOneOf(service.version, wanted.version) &&
    isOneOf(service.group, wanted.group)
  );
}

function isOneOf(value: string, wanted: string): boolean {
  if (wanted === ANY || wanted === value) return true;
  return wanted.includes(',') && wanted.split(',').some((part) => part.trim() === value);
}
