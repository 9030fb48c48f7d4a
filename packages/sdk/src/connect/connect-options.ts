import { type Locality, NO_LOCALITY } from '@meshkeeper/mesh';
import { DIALECTS, type Dialect } from '@meshkeeper/registries';
import { type HostPort, parseHostPort } from '@meshkeeper/xds';
import type { Logger } from '../logger.ts';
import { SILENT } from '../logger.ts';
import { SdkError } from '../sdk-error.ts';

/** How to connect. Times in milliseconds. */
export interface ConnectOptions {
  /**
   * URL of the control plane's API, or of several replicas'. Default: `MESHKEEPER_SERVER`, with commas in between, or
   * `http://127.0.0.1:7070`.
   */
  readonly server?: string | readonly string[];
  /** Of the API. Default: `MESHKEEPER_TOKEN`, or none. */
  readonly token?: string;
  /**
   * `host:port` of the control plane's xDS server. Default: `MESHKEEPER_XDS`, or what the API says; port 7071 of the
   * first server while it says nothing.
   */
  readonly xds?: string;
  /**
   * Connect string of ZooKeeper: registrations, locks and elections then go straight there, and live by a session.
   * Without it they go over the API. Default: `MESHKEEPER_ZOOKEEPER_CONNECT`, or none.
   */
  readonly zookeeper?: string;
  /** How long what is registered stays when this program is gone: of the session, or of heartbeats. Default 10,000. */
  readonly sessionTimeout?: number;
  /** How instances are written in ZooKeeper. Default `spring`. */
  readonly dialect?: string | Dialect;
  /** Where instances are written in ZooKeeper. Default: the dialect's root. */
  readonly root?: string;
  /** The service that this program is an instance of. Default: `MESHKEEPER_SERVICE`, or none. */
  readonly service?: string;
  /** Where this program runs: endpoints that are near go first. */
  readonly locality?: Partial<Locality>;
  /**
   * Folder where what is known is kept for another start, when nothing answers. The file is called by `service`.
   * Default: nothing is kept.
   */
  readonly cacheDir?: string;
  /** How long `connect` waits for the control plane, and `register` for the registry. Default 10,000. */
  readonly connectTimeout?: number;
  /** How long a request waits for a service that is asked for the first time. Default 5,000. */
  readonly resolveTimeout?: number;
  /**
   * The signals on which what is registered is drained; see `Mesh.register`. Default `['SIGTERM']`; false for none.
   */
  readonly drainOn?: readonly NodeJS.Signals[] | false;
  /** How long requests that were sent may finish when the mesh is closed. Default 5,000. */
  readonly closeTimeout?: number;
  /** Default: says nothing. */
  readonly logger?: Logger;
}

/** How to connect, complete. */
export interface Settings {
  readonly servers: readonly string[];
  readonly token: string | undefined;
  /** Undefined: as the API says. */
  readonly xds: HostPort | undefined;
  readonly zookeeper: string | undefined;
  readonly sessionTimeout: number;
  readonly dialect: Dialect;
  readonly root: string | undefined;
  readonly service: string;
  readonly locality: Locality | undefined;
  readonly cacheDir: string | undefined;
  readonly connectTimeout: number;
  readonly resolveTimeout: number;
  readonly drainOn: readonly NodeJS.Signals[];
  readonly closeTimeout: number;
  readonly logger: Logger;
}

const SERVER = 'http://127.0.0.1:7070';

/**
 * Reads options, with what the environment says.
 * @throws SdkError INVALID_ARGUMENT that names all that makes no sense
 */
export function parseOptions(options: ConnectOptions, env: NodeJS.ProcessEnv): Settings {
  const faults: string[] = [];
  const given = options.server ?? env.MESHKEEPER_SERVER?.split(',') ?? SERVER;
  const servers = [given].flat().map((url) => url.trim().replace(/\/+$/, ''));
  for (const url of servers)
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      faults.push(`server ${url} is no URL: write http://host:7070`);
  const stated = options.xds ?? env.MESHKEEPER_XDS;
  const xds = stated === undefined ? undefined : parseHostPort(stated);
  if (stated !== undefined && xds === undefined)
    faults.push(`xds ${stated} is no address: write host:7071`);
  const { dialect: wanted = 'spring' } = options;
  const dialect = typeof wanted === 'string' ? DIALECTS.get(wanted) : wanted;
  if (dialect === undefined)
    faults.push(`there is no dialect ${wanted}: write one of ${[...DIALECTS.keys()].join(', ')}`);
  const root = options.root ?? dialect?.defaultRoot;
  if (dialect !== undefined && root === undefined)
    faults.push(`the dialect ${dialect.name} has no root of its own: say which`);
  const time = (name: string, value: number): number => {
    if (!(value > 0 && value <= 0x7fff_ffff))
      faults.push(`${name} is ${value}: write milliseconds`);
    return value;
  };
  const settings = {
    ...{ servers, root },
    token: options.token ?? env.MESHKEEPER_TOKEN,
    zookeeper: options.zookeeper ?? (env.MESHKEEPER_ZOOKEEPER_CONNECT || undefined),
    sessionTimeout: time('sessionTimeout', options.sessionTimeout ?? 10_000),
    service: options.service ?? env.MESHKEEPER_SERVICE ?? '',
    locality: options.locality && { ...NO_LOCALITY, ...options.locality },
    cacheDir: options.cacheDir,
    connectTimeout: time('connectTimeout', options.connectTimeout ?? 10_000),
    resolveTimeout: time('resolveTimeout', options.resolveTimeout ?? 5_000),
    closeTimeout: time('closeTimeout', options.closeTimeout ?? 5_000),
    drainOn: options.drainOn === false ? [] : (options.drainOn ?? ['SIGTERM']),
    logger: options.logger ?? SILENT,
  };
  if (faults.length > 0 || dialect === undefined)
    throw new SdkError('INVALID_ARGUMENT', `These options make no sense: ${faults.join('; ')}.`);
  return { ...settings, xds, dialect };
}
