import type { HaproxyOptions, HaproxyService, HostPort } from '@meshkeeper/dns';
import type { Command } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { hostPort, listenerAddress } from '../host-port.ts';

interface Flags {
  readonly service?: readonly string[];
  readonly dns?: readonly string[];
  readonly zone: string;
  readonly gatewayListen: string;
  readonly tcpListen?: readonly string[];
  readonly statisticsListen?: string;
  readonly check?: string;
  readonly insecure?: boolean;
}

/** A service as the API lists it. */
interface Listed {
  readonly name: string;
  readonly protocol: HaproxyService['protocol'];
  readonly endpoints: number;
  readonly hosts?: readonly string[];
}

export function addHaproxy(bootstrap: Command): void {
  bootstrap
    .command('haproxy')
    .description('print the haproxy.cfg of an HAProxy that finds instances by DNS')
    .option('--service <name...>', 'services that it calls (default: all that there are now)')
    .option(
      '--dns <host:port...>',
      "DNS of the control plane's replicas (default: of the one that --server is)",
    )
    .option('--zone <zone>', 'the zone that services are in', 'mesh')
    .option(
      '--gateway-listen <ip:port>',
      'where services are called by the name of their host',
      '127.0.0.1:7080',
    )
    .option(
      '--tcp-listen <name=ip:port...>',
      'where a service is called that does not speak HTTP; without: what is missing is a comment',
    )
    .option('--statistics-listen <ip:port>', "a page of HAProxy's statistics (default: none)")
    .option(
      '--check <tcp|path>',
      'HAProxy checks instances itself, too: that they take connections, or answer a path',
    )
    .option('--insecure', 'statistics beyond loopback, although they have no authentication')
    .addHelpText(
      'after',
      '\nExample:\n  meshkeeper bootstrap haproxy > haproxy.cfg && haproxy -c -f haproxy.cfg && haproxy -f haproxy.cfg',
    )
    .action(async (_: unknown, command: Command) => {
      const flags = optionsOf<Flags>(command);
      const { haproxyConfig } = await import('@meshkeeper/dns');
      const { gatewayListen, statisticsListen: statistics, insecure } = flags;
      hostPort(gatewayListen, '--gateway-listen');
      if (statistics !== undefined) listenerAddress(statistics, '--statistics-listen', insecure);
      const check = checkOf(flags);
      const given = flags.dns?.map((text) => hostPort(text, '--dns'));
      const zone = await zoneOf(flags);
      const api = new ApiClient(flags);
      const services = await chosen(api, flags);
      const options: HaproxyOptions = {
        nameservers: given ?? [await ownDns(api, flags)],
        ...{ zone, services, listen: gatewayListen },
        ...(statistics !== undefined && { statistics }),
        ...(check && { check }),
      };
      process.stdout.write(haproxyConfig(options));
    });
}

async function zoneOf({ zone }: Flags): Promise<string> {
  const { hostNameFault } = await import('@meshkeeper/mesh');
  const fault = hostNameFault(zone);
  if (fault === undefined) return zone.toLowerCase();
  throw new CliError(`--zone: "${zone}" is no name in DNS: it ${fault}`, ExitCode.USAGE);
}

function checkOf({ check }: Flags): HaproxyOptions['check'] {
  if (check === undefined) return undefined;
  if (check === 'tcp') return { type: 'tcp' };
  // What else may stand in a URL means something to HAProxy.
  if (/^\/[\w./~?=&%:@,+-]*$/.test(check)) return { type: 'http', path: check };
  throw new CliError(`--check: write tcp, or a path as /health: not "${check}"`, ExitCode.USAGE);
}

/** Where the replica that is asked answers DNS. */
async function ownDns(api: ApiClient, { server }: GlobalOptions): Promise<HostPort> {
  const { dns } = await api.get<{ dns: { host?: string; port: number } }>('/listeners');
  // Every address of its machine: that at which it was asked, too.
  const host = dns.host ?? new URL(server).hostname.replace(/^\[|\]$/g, '');
  return { host, port: dns.port };
}

async function chosen(api: ApiClient, flags: Flags): Promise<readonly HaproxyService[]> {
  const { aliases } = await import('@meshkeeper/mesh');
  const { services } = await api.get<{ services: readonly Listed[] }>('/services');
  const known = new Map(services.map((service) => [service.name, service]));
  // Of a name that there isn't the API says which is meant.
  for (const name of flags.service ?? [])
    if (!known.has(name)) await api.get(`/services/${segment(name)}`);
  const listeners = tcpListeners(flags, known);
  const alias = aliases(known.keys());
  return [...new Set(flags.service ?? known.keys())].flatMap((name) => {
    const service = known.get(name);
    if (service === undefined) return [];
    const { protocol, endpoints, hosts = [] } = service;
    const listen = listeners.get(name);
    return {
      ...{ name, alias: alias.get(name) ?? name, protocol, endpoints, hosts },
      ...(listen !== undefined && { listen }),
    };
  });
}

function tcpListeners(
  { tcpListen = [] }: Flags,
  known: ReadonlyMap<string, Listed>,
): ReadonlyMap<string, string> {
  return new Map(
    tcpListen.map((text) => {
      // A name may hold the sign itself.
      const [, name = '', listen = ''] = /^(.*)=([^=]*)$/s.exec(text) ?? [];
      hostPort(listen, '--tcp-listen');
      const protocol = known.get(name)?.protocol;
      if (protocol === 'tcp' || protocol === 'dubbo') return [name, listen];
      const reason =
        protocol === undefined
          ? `there is no service "${name}"`
          : `"${name}" speaks ${protocol}, and is called by its host`;
      throw new CliError(`--tcp-listen: ${reason}`, ExitCode.USAGE);
    }),
  );
}
