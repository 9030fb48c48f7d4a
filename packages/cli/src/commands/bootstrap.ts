import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import { optionsOf } from '../global-options.ts';
import { hostPort } from '../host-port.ts';

interface Flags {
  readonly xds: string;
  readonly service?: string;
  readonly id?: string;
  readonly zone?: string;
  readonly gatewayListen?: string;
  readonly outboundListen?: string;
  readonly adminListen?: string;
  readonly api: 'delta' | 'sotw';
}

export function addBootstrapCommand(program: Command): void {
  program
    .command('bootstrap')
    .description('print a ready bootstrap file for a data plane')
    .command('envoy')
    .description('print the bootstrap of an Envoy that gets everything from the control plane')
    .option('--xds <host:port>', 'xDS server of the control plane', '127.0.0.1:7071')
    .option('--service <name>', 'the service that it runs beside; without it Envoy is a gateway')
    .option('--id <id>', 'its name at the control plane (default: from the service and the host)')
    .option('--zone <zone>', 'the zone that it runs in')
    .option('--gateway-listen <ip:port>', 'where the gateway listens (default: 127.0.0.1:7080)')
    .option(
      '--outbound-listen <ip:port>',
      'where calls to others go (default with --service: 127.0.0.1:15001)',
    )
    .option('--admin-listen <ip:port>', "Envoy's administration", '127.0.0.1:15000')
    .addOption(
      new Option('--api <variant>', 'variant of xDS').choices(['delta', 'sotw']).default('delta'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  meshkeeper bootstrap envoy --gateway-listen 127.0.0.1:8080 > envoy.json && envoy -c envoy.json',
    )
    .action(async (_: unknown, command: Command) => {
      const flags = optionsOf<Flags>(command);
      const { envoyBootstrap } = await import('@meshkeeper/xds');
      const { service, gatewayListen, outboundListen, adminListen, zone } = flags;
      const outbound = outboundListen ?? (service === undefined ? undefined : '127.0.0.1:15001');
      for (const [flag, text] of [
        ['--gateway-listen', gatewayListen],
        ['--outbound-listen', outbound],
        ['--admin-listen', adminListen],
      ] as const)
        if (text !== undefined) hostPort(text, flag);
      const bootstrap = envoyBootstrap({
        xds: hostPort(flags.xds, '--xds'),
        node: {
          id: flags.id ?? `${service ?? 'gateway'}-${hostname()}`,
          cluster: service ?? 'gateway',
          ...(zone !== undefined && { zone }),
        },
        ...(gatewayListen !== undefined && { gateway: gatewayListen }),
        ...(outbound !== undefined && { outbound }),
        ...(adminListen !== undefined && { admin: adminListen }),
        apiType: flags.api === 'delta' ? 'DELTA_GRPC' : 'GRPC',
      });
      // Always JSON: it is a file for Envoy, which reads JSON and YAML alike.
      process.stdout.write(`${JSON.stringify(bootstrap, undefined, 2)}\n`);
    });
}
