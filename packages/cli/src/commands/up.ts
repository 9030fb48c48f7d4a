import type { Config } from '@meshkeeper/control-plane';
import type { ServiceChange } from '@meshkeeper/mesh';
import type { Command } from 'commander';
import {
  type ControlPlaneFlags,
  configurationOf,
  withControlPlaneFlags,
} from '../configuration.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { listenerAddress } from '../host-port.ts';
import { announce, runUntilSignal } from '../lifecycle.ts';
import { changeLine } from '../output/change-line.ts';
import { runGateway } from './proxy.ts';

interface UpFlags extends ControlPlaneFlags {
  readonly demo?: boolean;
  readonly data?: string;
  readonly zookeeperListen: string;
}

export function addUpCommand(program: Command): void {
  withControlPlaneFlags(
    program
      .command('up')
      .description('run everything on this machine: ZooKeeper, control plane and gateway'),
  )
    .option('--gateway-listen <host:port>', 'where the gateway listens (default: 127.0.0.1:7080)')
    .option(
      '--zookeeper-listen <host:port>',
      'where the embedded ZooKeeper listens',
      '127.0.0.1:2181',
    )
    .option(
      '--data <dir>',
      'where the embedded ZooKeeper keeps its data (default: data; with --demo in memory)',
    )
    .option('--demo', 'with three services to play with')
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper up --demo\n  meshkeeper up --zookeeper zk1:2181,zk2:2181',
    )
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<UpFlags>(command);
      await runUntilSignal((stack, signal) => up(stack, signal, options));
    });
}

async function up(
  stack: AsyncDisposableStack,
  signal: AbortSignal,
  options: UpFlags & GlobalOptions,
): Promise<void> {
  const { createLogger } = await import('../output/logger.ts');
  const logger = await createLogger(options.verbose);
  const configured = await configurationOf(options);
  const dataDir = dataDirOf(options, configured);
  const zookeeper =
    configured.zookeeper.connect ?? (await embedded(stack, signal, options, dataDir));
  const config = {
    ...configured,
    zookeeper: { ...configured.zookeeper, connect: zookeeper },
    controlPlane: {
      ...configured.controlPlane,
      dataDir: configured.controlPlane.dataDir ?? dataDir,
    },
    // With a server of its own there is no ensemble whose word could be doubted.
    protection: {
      ...configured.protection,
      lastInstance:
        configured.protection.lastInstance ?? configured.zookeeper.connect !== undefined,
    },
  };
  const { startControlPlane } = await import('@meshkeeper/control-plane');
  let tell: ((changes: readonly ServiceChange[]) => void) | undefined;
  const { api, xds, dns, ready } = stack.use(
    await startControlPlane(
      { config, logger, onSnapshot: (_, changes) => tell?.(changes) },
      { signal },
    ),
  );
  await ready;
  const gateway = await runGateway(stack, signal, {
    xds,
    listen: config.gateway.listen,
    id: 'gateway',
    verbose: options.verbose,
  });
  const listening = { api, xds, gateway, dns, zookeeper };
  if (options.demo) {
    const { runDemo } = await import('../demo/demo.ts');
    const demo = stack.use(await runDemo({ zookeeper, gateway, signal }));
    announce(listening, options.output, demo.welcome(listening));
  } else announce(listening, options.output, welcome(listening));
  if (options.output !== 'json')
    tell = (changes) => {
      // That all goes when it ends is no news.
      if (signal.aborted) return;
      for (const change of changes) process.stdout.write(`${changeLine(change, new Date())}\n`);
    };
}

/** Where this machine's data is kept; undefined: nowhere. */
function dataDirOf({ data, demo }: UpFlags, { zookeeper }: Config): string | undefined {
  const elsewhere = zookeeper.connect !== undefined;
  return data ?? zookeeper.embedded?.dataDir ?? (demo || elsewhere ? undefined : 'data');
}

async function embedded(
  stack: AsyncDisposableStack,
  signal: AbortSignal,
  { demo, zookeeperListen, insecure }: UpFlags,
  dataDir: string | undefined,
): Promise<string> {
  const { FOUR_LETTER_WORDS, startZooKeeperServer } = await import('@meshkeeper/zookeeper-server');
  const { host, port } = listenerAddress(zookeeperListen, '--zookeeper-listen', insecure);
  // The demo's sessions are short, so that one sees them end.
  const tickTime = demo ? 500 : 2000;
  const server = await startZooKeeperServer(
    { host, port, dataDir, tickTime, fourLetterWords: FOUR_LETTER_WORDS },
    { signal },
  );
  stack.use(server);
  return server.connect;
}

function welcome(listening: Readonly<Record<string, string>>): string {
  const rows = Object.entries(listening).map(([name, where]) => `  ${name.padEnd(10)} ${where}`);
  return ['Meshkeeper is up (Ctrl-C ends it).', ...rows].join('\n');
}
