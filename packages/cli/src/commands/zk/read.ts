import type { Command } from 'commander';
import { print } from '../../output/format.ts';
import { type Access, type AddVerb, notFound } from './access.ts';
import { statView } from './stat-view.ts';

/** Verbs that look at one znode. */
export function addReadVerbs(add: AddVerb, { use, path: znode }: Access): void {
  add('ls', "a znode's children", ['ls /', 'ls /services -o json'])
    .argument('[path]', 'the znode', znode, znode('/'))
    .action((path: string, _: unknown, command: Command) =>
      use(command, async (client, { output }) => {
        const { children } = await client.children(path);
        await print([...children].sort(), output, (names) => names.join('\n'));
      }),
    );
  add('get', "a znode's data, as it is", [
    'get /services/orders/orders-1',
    'get /services/orders/orders-1 -o json    # with its metadata',
  ])
    .argument('<path>', 'the znode', znode)
    .action((path: string, _: unknown, command: Command) =>
      use(command, async (client, { output }) => {
        const { data, stat } = await client.get(path);
        if (output === 'json' || output === 'yaml')
          await print({ path, data: data.toString(), stat: statView(stat) }, output, () => '');
        else if (output === 'table' || process.stdout.isTTY)
          process.stdout.write(`${data.toString()}\n`);
        else process.stdout.write(data);
      }),
    );
  add('stat', "a znode's metadata", ['stat /services/orders'])
    .argument('<path>', 'the znode', znode)
    .action((path: string, _: unknown, command: Command) =>
      use(command, async (client, { output }) => {
        const stat = await client.exists(path);
        if (stat === null) throw notFound(path);
        await print(statView(stat), output, (view) => ({
          head: ['FIELD', 'VALUE'],
          rows: Object.entries(view).map(([field, value]) => [field, String(value)]),
        }));
      }),
    );
  add('config', "the ensemble's own configuration: its servers and their roles", ['config']).action(
    (_: unknown, command: Command) =>
      use(command, async (client, { output }) => {
        const { data } = await client.get('/zookeeper/config');
        const lines = data.toString().split('\n').filter(Boolean);
        await print(lines, output, (text) =>
          text.length === 0 ? 'a standalone server has none' : text.join('\n'),
        );
      }),
  );
}
