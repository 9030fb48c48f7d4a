import { DEFAULT_WEIGHT, type Health, type Protocol } from '@meshkeeper/mesh';
import type { Registration } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { keyOf, type ServiceKey } from './service-key.ts';
import type { DubboUrl } from './url.ts';

/** At which levels a provider is registered; Dubbo's `register-mode`. */
export type RegisterMode = 'interface' | 'instance' | 'all';

/** What a registration says of a provider, in Dubbo's terms. */
export interface ProviderToWrite {
  readonly key: ServiceKey;
  readonly application: string;
  readonly mode: RegisterMode;
  readonly url: DubboUrl;
}

/** The version whose formats are written; readers look at it. */
const RELEASE = '3.3.6';
/** Of Dubbo's wire protocol. */
const WIRE = '2.0.2';
/** What Dubbo writes where it knows no methods: any. */
const ANY_METHOD = '*';
/** Java's largest `int`. */
const MAX_INT = 2 ** 31 - 1;
const DEFAULT_APPLICATION = 'meshkeeper';
/** Members of the metadata that are no parameters of the URL. */
const NO_PARAMETERS = new Set(['protocol', 'path', 'register-mode']);

/** Which protocol of Dubbo's speaks what the mesh does. */
const OF_MESH: Readonly<Record<string, string>> = { grpc: 'tri', http: 'rest', dubbo: 'dubbo' };

/**
 * The provider that a registration means. Its service is `interface:version:group`, with `@protocol`
 * or without; its metadata are the URL's parameters, besides `protocol`, `path` and `register-mode`.
 * @throws RegistryError UNWRITABLE when a URL can't say it
 */
export function providerOf(registration: Registration, now: number): ProviderToWrite {
  const { service, address, port, weight, health, locality, metadata = {} } = registration;
  const at = service.lastIndexOf('@');
  const key = keyOf(at === -1 ? service : service.slice(0, at));
  const { interface: iface, version, group } = key;
  if (iface === '' || /[?#;&/]/.test(iface))
    throw new RegistryError(
      'UNWRITABLE',
      `${JSON.stringify(iface)} is no name of a Dubbo interface`,
    );
  const protocol = metadata.protocol ?? (at === -1 ? undefined : service.slice(at + 1));
  const mode = modeOf(metadata['register-mode'] ?? 'interface');
  const application = metadata.application ?? DEFAULT_APPLICATION;
  const parameters = new Map<string, string>([
    ...Object.entries({
      ...{ application, deprecated: 'false', dubbo: WIRE, dynamic: 'true', generic: 'false' },
      ...{ interface: iface, methods: ANY_METHOD, release: RELEASE, side: 'provider' },
      'prefer.serialization': 'hessian2,fastjson2',
      ...(mode !== 'interface' && { 'service-name-mapping': 'true' }),
      // There is no metadata service here that could be asked.
      ...(mode !== 'interface' && { 'metadata-type': 'remote' }),
      ...(version !== '' && { version, revision: version }),
      ...(group !== '' && { group }),
      ...(locality?.region && { region: locality.region }),
      ...(locality?.zone && { zone: locality.zone }),
    }),
    ...Object.entries(metadata).filter(([name]) => !NO_PARAMETERS.has(name)),
  ]);
  if (weight !== undefined && weight !== DEFAULT_WEIGHT) parameters.set('weight', wholeOf(weight));
  if (health === 'draining' || health === 'unhealthy') parameters.set('enabled', 'false');
  parameters.set('timestamp', String(now));
  checkParameters(parameters);
  return {
    ...{ key, application, mode },
    url: {
      protocol: protocol ?? ofMesh(registration.protocol ?? 'dubbo'),
      host: address.includes(':') ? `[${address}]` : address,
      port,
      path: metadata.path ?? iface,
      parameters,
    },
  };
}

/** The parameters that say whether consumers are to call a provider; undefined: none of this name. */
export function healthOf(health: Health): [string, string | undefined][] {
  const out = health === 'draining' || health === 'unhealthy';
  return [
    ['disabled', undefined],
    ['enabled', out ? 'false' : undefined],
  ];
}

/**
 * A weight as Dubbo reads it.
 * @throws RegistryError UNWRITABLE when it is none
 */
export function wholeOf(weight: number): string {
  if (!(weight >= 0 && weight <= MAX_INT))
    throw new RegistryError('UNWRITABLE', `${weight} is no weight: use 0 to ${MAX_INT}`);
  return String(Math.round(weight));
}

/** @throws RegistryError UNWRITABLE when a parameter would be read as something else */
export function checkParameters(parameters: ReadonlyMap<string, string | undefined>): void {
  for (const [name, value = ''] of parameters)
    if (name === '' || /[&;=]/.test(name) || /[&;]/.test(value))
      throw new RegistryError(
        'UNWRITABLE',
        `a Dubbo URL can't hold the parameter ${JSON.stringify(name)}: it has a ; or a & in it`,
      );
}

function ofMesh(protocol: Protocol): string {
  const known = OF_MESH[protocol];
  if (known === undefined)
    throw new RegistryError(
      'UNWRITABLE',
      `Dubbo has no protocol for ${protocol}: name one in the metadata as "protocol"`,
    );
  return known;
}

function modeOf(mode: string): RegisterMode {
  if (mode === 'interface' || mode === 'instance' || mode === 'all') return mode;
  throw new RegistryError(
    'UNWRITABLE',
    `register-mode is ${JSON.stringify(mode)}: use interface, instance or all`,
  );
}
