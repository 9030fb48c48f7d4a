import type { FoundRegistry } from '@meshkeeper/registries';
import type { Command } from 'commander';
import { type ControlPlaneFlags, configurationOf } from '../configuration.ts';
import { ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { wholeNumber } from '../whole-number.ts';
import { openZooKeeper } from './zk/access.ts';

/** An entry of `registries:`. */
interface RegistryEntry {
  readonly name: string;
  readonly dialect: string;
  readonly root: string;
}

export function addDiscoverCommand(program: Command): void {
  program
    .command('discover')
    .description('look through an ensemble, and propose the registries: section for what is there')
    .option('--zookeeper <connect>', 'the ensemble: host:port,host:port/chroot')
    .option('--limit <znodes>', 'look at so many znodes at most', wholeNumber, 20_000)
    .addHelpText(
      'after',
      '\nOnly reads. What it prints as YAML or JSON is a configuration as it stands.\n' +
        '\nExamples:\n  meshkeeper discover --zookeeper zk1:2181\n' +
        '  meshkeeper discover --zookeeper zk1:2181 -o yaml > meshkeeper.yaml',
    )
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<ControlPlaneFlags & { readonly limit: number }>(command);
      const config = await configurationOf(options);
      const { ensembleOf, loadDialects } = await import('@meshkeeper/control-plane');
      const { discover } = await import('@meshkeeper/registries');
      const dialects = await loadDialects(config.plugins);
      const { limit } = options;
      await using zk = await openZooKeeper({ zookeeper: ensembleOf(config) });
      const found = await discover(zk, dialects.values(), { limit });
      const entries = named(found.registries);
      await print({ registries: entries }, options.output, () => ({
        head: ['NAME', 'DIALECT', 'ROOT', 'SERVICES', 'INSTANCES', 'SUCH AS'],
        rows: found.registries.map(({ dialect, root, services, instances, example }, i) => [
          ...[entries[i]!.name, dialect, root],
          ...[String(services), String(instances), example],
        ]),
      }));
      if (!found.complete)
        say(`there is more than the ${found.visited} znodes that were looked at: see --limit`);
      if (entries.length > 0) return;
      say(`no registry was recognised in the ${found.visited} znodes that may be read`);
      process.exitCode = ExitCode.NOT_FOUND;
    });
}

/** Called by their dialects; where there are several of one dialect, by their roots too. */
function named(found: readonly FoundRegistry[]): RegistryEntry[] {
  return found.map(({ dialect, root }) => {
    const alone = found.filter((other) => other.dialect === dialect).length === 1;
    return { name: alone ? dialect : `${dialect}:${root}`, dialect, root };
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
