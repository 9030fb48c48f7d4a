import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { duration } from '../duration.ts';
import { withExamples } from '../examples.ts';
import { optionsOf } from '../global-options.ts';
import { hostPort, listenerAddress } from '../host-port.ts';
import { wholeNumber } from '../whole-number.ts';
import { XDS_FLAG, type XdsFlag, xdsAddress } from '../xds-address.ts';

interface Flags extends XdsFlag {
  readonly service: string;
  readonly port: number;
  readonly address?: string;
  readonly id?: string;
  readonly dataPlane: 'embedded' | 'envoy';
  readonly envoy: string;
  readonly outboundListen: string;
  readonly adminListen: string;
  readonly zookeeper?: string;
  readonly dialect?: string;
  readonly check?: string;
  readonly checkHost: string;
  readonly checkInterval: number;
  readonly region?: string;
  readonly zone?: string;
  readonly drain: number;
  readonly grace: number;
  readonly insecure?: boolean;
}

export function addSidecarCommand(program: Command): void {
  const time = (flags: string, text: string, value: number, shown: string) =>
    new Option(flags, text).argParser(duration).default(value, shown);
  withExamples(
    program
      .command('sidecar')
      .description('register an instance while it is well, and run its data plane beside it')
      .argument('[command...]', 'the instance itself, after --; it is started and ended, too')
      .requiredOption('--service <name>', 'the service that it is an instance of')
      .requiredOption('--port <port>', 'where it listens', wholeNumber)
      .option(
        '--address <address>',
        "where others reach it (default: this machine's first address)",
      )
      .option('--id <id>', 'its id within the service (default: host name and a random one)')
      .addOption(
        new Option('--data-plane <kind>', 'what carries its calls to others')
          .choices(['embedded', 'envoy'])
          .default('embedded'),
      )
      .option('--envoy <file>', "Envoy's program", 'envoy')
      .option(...XDS_FLAG)
      .option('--outbound-listen <host:port>', 'where calls to others go', '127.0.0.1:15001')
      .option('--admin-listen <ip:port>', "Envoy's administration", '127.0.0.1:15000')
      .option(
        '--zookeeper <connect>',
        'register straight there, in a session (default: over the API, by heartbeats)',
      )
      .option('--dialect <name>', 'with --zookeeper: how it is written there (default: spring)')
      .option(
        '--check <path>',
        'what has to answer with 2xx or 3xx (default: it takes connections)',
        path,
      )
      .option('--check-host <host>', 'where it is checked', '127.0.0.1')
      .addOption(time('--check-interval <duration>', 'between two checks', 2_000, '2s'))
      .option('--region <region>', 'the region that it runs in')
      .option('--zone <zone>', 'the zone that it runs in')
      .addOption(time('--drain <duration>', 'between its leaving and its end', 1_000, '1s'))
      .addOption(
        time('--grace <duration>', 'for its end after SIGTERM, before SIGKILL', 10_000, '10s'),
      )
      .option('--insecure', 'listen beyond loopback, although there is no authentication'),
    [
      'meshkeeper sidecar --service orders --port 8080 -- node orders.js',
      'meshkeeper sidecar --service orders --port 8080 --check /healthz --zookeeper zk1:2181',
      'meshkeeper sidecar --service orders --port 8080 --data-plane envoy --envoy /usr/bin/envoy',
    ],
    [
      'The command is started when the data plane is ready, with MESHKEEPER_OUTBOUND, HTTP_PROXY and',
      'http_proxy, through which it calls http://NAME/ of other services, NO_PROXY for this machine, and',
      'MESHKEEPER_SERVICE. On SIGTERM the instance leaves the registry, then the command ends, then the data',
      'plane; the exit code is that of the command.',
    ],
  ).action(async (command: readonly string[], _: unknown, own: Command) => {
    const flags = optionsOf<Flags>(own);
    const { service, dataPlane, envoy, check, region, zone, insecure } = flags;
    const { runSidecar } = await import('../sidecar/sidecar.ts');
    const { server, token, address, port, zookeeper, dialect, output, verbose } = flags;
    process.exitCode = await runSidecar({
      ...{ service, dataPlane, envoy, server, token, address, port, zookeeper, dialect, output },
      ...{ command, verbose, drain: flags.drain, grace: flags.grace },
      id: flags.id ?? `${hostname()}-${randomBytes(4).toString('hex')}`,
      locality: { ...(region !== undefined && { region }), ...(zone !== undefined && { zone }) },
      xds: hostPort(await xdsAddress(flags), '--xds'),
      outbound: listenerAddress(flags.outboundListen, '--outbound-listen', insecure),
      admin: listenerAddress(flags.adminListen, '--admin-listen', insecure),
      checkPath: check,
      checkHost: flags.checkHost,
      checkInterval: flags.checkInterval,
    });
  });
}

function path(text: string): string {
  if (text.startsWith('/')) return text;
  throw new InvalidArgumentError('Write a path: /healthz.');
}
