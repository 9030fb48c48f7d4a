import { hostname } from 'node:os';
import type { BootstrapOptions } from '@meshkeeper/xds';
import { type Command, Option } from 'commander';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { hostPort, listenerAddress } from '../host-port.ts';
import { XDS_FLAG, type XdsFlag, xdsAddress } from '../xds-address.ts';
import { addHaproxy } from './bootstrap-haproxy.ts';

interface Flags extends XdsFlag {
  readonly service?: string;
  readonly id?: string;
  readonly region?: string;
  readonly zone?: string;
  readonly subzone?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServerName?: string;
}

interface EnvoyFlags extends Flags {
  readonly gatewayListen?: string;
  readonly outboundListen?: string;
  readonly adminListen: string;
  readonly certificates?: string;
  readonly insecure?: boolean;
  readonly api: 'delta' | 'sotw';
}

export function addBootstrapCommand(program: Command): void {
  const bootstrap = program
    .command('bootstrap')
    .description('print a ready bootstrap file for a data plane');
  addEnvoy(bootstrap);
  addGrpc(bootstrap);
  addHaproxy(bootstrap);
}

function addEnvoy(bootstrap: Command): void {
  withCommonFlags(
    bootstrap
      .command('envoy')
      .description('print the bootstrap of an Envoy that gets everything from the control plane'),
    'the service that it runs beside; without it Envoy is a gateway',
  )
    .option(
      '--tls-server-name <name>',
      "name in the control plane's certificate (default: the host of --xds)",
    )
    .option('--gateway-listen <ip:port>', 'where the gateway listens (default: 127.0.0.1:7080)')
    .option(
      '--outbound-listen <ip:port>',
      'where calls to others go (default with --service: 127.0.0.1:15001)',
    )
    .option('--admin-listen <ip:port>', "Envoy's administration", '127.0.0.1:15000')
    .option(
      '--certificates <dir>',
      'where the certificates of gateways are: NAME/tls.crt, NAME/tls.key (default: /etc/meshkeeper/certificates)',
    )
    .option('--insecure', 'administration beyond loopback, although it has no authentication')
    .addOption(
      new Option('--api <variant>', 'variant of xDS').choices(['delta', 'sotw']).default('delta'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  meshkeeper bootstrap envoy --gateway-listen 127.0.0.1:8080 > envoy.json && envoy -c envoy.json',
    )
    .action(async (_: unknown, command: Command) => {
      const flags = optionsOf<EnvoyFlags>(command);
      const { envoyBootstrap } = await import('@meshkeeper/xds');
      const { service, gatewayListen, outboundListen, adminListen, certificates, insecure } = flags;
      const outbound = outboundListen ?? (service === undefined ? undefined : '127.0.0.1:15001');
      if (gatewayListen !== undefined) hostPort(gatewayListen, '--gateway-listen');
      if (outbound !== undefined) hostPort(outbound, '--outbound-listen');
      listenerAddress(adminListen, '--admin-listen', insecure);
      printFile(
        envoyBootstrap({
          ...(await commonOptions(flags, 'gateway')),
          ...(gatewayListen !== undefined && { gateway: gatewayListen }),
          ...(certificates !== undefined && { certificates }),
          ...(outbound !== undefined && { outbound }),
          admin: adminListen,
          apiType: flags.api === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        }),
      );
    });
}

function addGrpc(bootstrap: Command): void {
  withCommonFlags(
    bootstrap
      .command('grpc')
      .description('print the bootstrap of gRPC clients, which call services as xds:///name'),
    'the service that calls',
  )
    .addHelpText(
      'after',
      '\nExample:\n  meshkeeper bootstrap grpc --service checkout > xds.json && GRPC_XDS_BOOTSTRAP=xds.json ./checkout\n\nWith --tls-ca the client must know xDS credentials of the type tls; @grpc/grpc-js-xds does not yet.',
    )
    .action(async (_: unknown, command: Command) => {
      const { grpcBootstrap } = await import('@meshkeeper/xds');
      const options = await commonOptions(optionsOf<Flags>(command), 'grpc');
      printFile(grpcBootstrap(options));
    });
}

function withCommonFlags(command: Command, service: string): Command {
  return command
    .option(...XDS_FLAG)
    .option('--service <name>', service)
    .option('--id <id>', 'its name at the control plane (default: from the service and the host)')
    .option('--region <region>', 'the region that it runs in')
    .option('--zone <zone>', 'the zone that it runs in')
    .option('--subzone <subzone>', 'the subzone that it runs in')
    .option('--tls-ca <file>', 'connect by TLS, to a control plane that this CA vouches for')
    .option('--tls-cert <file>', 'certificate that says who it is (with --tls-key)')
    .option('--tls-key <file>', 'key of that certificate');
}

async function commonOptions(
  flags: Flags & GlobalOptions,
  kind: string,
): Promise<BootstrapOptions> {
  const { service, id, region, zone, subzone } = flags;
  const tls = tlsOf(flags);
  return {
    xds: hostPort(await xdsAddress(flags), '--xds'),
    node: {
      id: id ?? `${service ?? kind}-${hostname()}`,
      cluster: service ?? kind,
      locality: {
        ...(region !== undefined && { region }),
        ...(zone !== undefined && { zone }),
        ...(subzone !== undefined && { subzone }),
      },
    },
    ...(tls && { tls }),
  };
}

function tlsOf(flags: Flags): BootstrapOptions['tls'] {
  const { tlsCa: ca, tlsCert: certificate, tlsKey: key, tlsServerName: serverName } = flags;
  if (ca === undefined) {
    if (certificate === undefined && key === undefined && serverName === undefined)
      return undefined;
    throw new CliError(
      '--tls-ca is missing: without it nobody vouches for the control plane',
      ExitCode.USAGE,
    );
  }
  if ((certificate === undefined) !== (key === undefined))
    throw new CliError('--tls-cert and --tls-key go together', ExitCode.USAGE);
  return {
    ca,
    ...(certificate !== undefined && key !== undefined && { identity: { certificate, key } }),
    ...(serverName !== undefined && { serverName }),
  };
}

/** Always JSON: it is a file for the data plane, and JSON is YAML too. */
function printFile(bootstrap: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(bootstrap, undefined, 2)}\n`);
}
