import { validatePath } from './path.ts';
import { ZooKeeperError } from './zookeeper-error.ts';

/** One server of an ensemble. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A parsed connect string. */
export interface ConnectString {
  readonly hosts: readonly HostPort[];
  /** `/` when there is none. */
  readonly chroot: string;
}

const DEFAULT_PORT = 2181;

/**
 * Reads `host:port,host:port/chroot`, as ZooKeeper's `ConnectStringParser`: the port is 2181 when
 * left out, IPv6 addresses stand in brackets.
 * @throws ZooKeeperError INVALID_ARGUMENT
 */
export function parseConnectString(connect: string): ConnectString {
  const slash = connect.indexOf('/');
  const chroot = slash === -1 ? '/' : connect.slice(slash).replace(/(.)\/$/, '$1');
  validatePath(chroot, 'connect');
  const servers = slash === -1 ? connect : connect.slice(0, slash);
  const hosts = servers
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '')
    .map(parseHostPort);
  if (hosts.length === 0) throw invalid(connect, 'no server in it: write host:port,host:port');
  return { hosts, chroot };
}

/** `host:port`, an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseHostPort(server: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+))(?::(\d+))?$/.exec(server);
  if (match === null) throw invalid(server, 'write host:port, an IPv6 address in brackets');
  const port = match[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (port < 1 || port > 65_535) throw invalid(server, 'a port is 1 to 65535');
  return { host: match[1] ?? match[2]!, port };
}

function invalid(text: string, what: string): ZooKeeperError {
  const detail = `"${text}" is no connect string: ${what}`;
  return new ZooKeeperError('INVALID_ARGUMENT', { operation: 'connect', detail });
}
