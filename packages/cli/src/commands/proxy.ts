import { hostname } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { optionsOf } from '../global-options.ts';
import { type HostPort, hostPort, listenerAddress } from '../host-port.ts';
import { announce, runUntilSignal } from '../lifecycle.ts';
import { wholeNumber } from '../whole-number.ts';
import { XDS_FLAG, type XdsFlag, xdsAddress } from '../xds-address.ts';

interface Flags extends XdsFlag {
  readonly gatewayListen: string;
  readonly id?: string;
  readonly insecure?: boolean;
  readonly workers: number;
}

export function addProxyCommand(program: Command): void {
  program
    .command('proxy')
    .description('run the embedded data plane alone, as a gateway')
    .option(...XDS_FLAG)
    .option('--gateway-listen <host:port>', 'where the gateway listens', '127.0.0.1:7080')
    .option('--insecure', 'listen beyond loopback, although there is no authentication')
    .option('--id <id>', 'its name at the control plane (default: host name and process id)')
    .option('--workers <n>', 'processes that share the listeners, each a data plane', atLeastOne, 1)
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper proxy --xds 10.0.0.5:7071 --gateway-listen 127.0.0.1:8080\n' +
        '  meshkeeper proxy --workers 4',
    )
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<Flags>(command);
      const { workers, output } = options;
      const listen = listenerAddress(options.gatewayListen, '--gateway-listen', options.insecure);
      if (options.xds !== undefined) hostPort(options.xds, '--xds');
      const { reportReady, runWorkers, workerNumber } = await import('../workers.ts');
      const number = workerNumber();
      // Ctrl-C comes to all processes at a terminal; a worker ends when it is told to.
      const signals = number === undefined ? undefined : (['SIGTERM'] as const);
      if (number !== undefined) process.on('SIGINT', () => {});
      await runUntilSignal(async (stack, signal) => {
        if (number === undefined && workers > 1) {
          const gateway = await runWorkers(workers, stack);
          announce(
            { gateway },
            output,
            `gateway on ${gateway}, ${workers} workers (Ctrl-C ends it)`,
          );
          return;
        }
        const own = options.id ?? `${hostname()}-${process.pid}`;
        const gateway = await runGateway(stack, signal, {
          xds: await xdsAddress(options),
          listen,
          id: number === undefined || options.id === undefined ? own : `${own}-${number}`,
          verbose: options.verbose,
        });
        if (number !== undefined) reportReady(gateway);
        else announce({ gateway }, output, `gateway on ${gateway} (Ctrl-C ends it)`);
      }, signals);
    });
}

function atLeastOne(text: string): number {
  const count = wholeNumber(text);
  if (count === 0) throw new InvalidArgumentError('Give 1 or more.');
  return count;
}

/** Runs the embedded proxy as a gateway on the stack, and gives its URL. */
export async function runGateway(
  stack: AsyncDisposableStack,
  signal: AbortSignal,
  options: {
    readonly xds: string;
    readonly listen: HostPort;
    readonly id: string;
    readonly verbose?: boolean | undefined;
  },
): Promise<string> {
  const { startProxy } = await import('@meshkeeper/proxy');
  const { createLogger } = await import('../output/logger.ts');
  const proxy = stack.use(
    await startProxy(
      {
        xds: { address: hostPort(options.xds, '--xds') },
        node: { id: options.id, cluster: 'gateway' },
        listeners: { gateway: options.listen },
        drainTimeout: 1000,
        logger: await createLogger(options.verbose),
      },
      { signal },
    ),
  );
  const bound = proxy.listeners.get('gateway')!; // asked for, so that it is there once it is ready
  return `http://${bound.address.includes(':') ? `[${bound.address}]` : bound.address}:${bound.port}`;
}
