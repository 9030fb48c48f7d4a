import type { Acl } from '@meshkeeper/zookeeper';
import { type Command, InvalidArgumentError } from 'commander';
import { print } from '../../output/format.ts';
import type { Access, AddVerb } from './access.ts';

/** Letters of permissions, by their bit, as ZooKeeper's own tools write them. */
const LETTERS = { r: 1, w: 2, c: 4, d: 8, a: 16 } as const;

/** The verb that shows and sets who may do what. */
export function addAclVerb(add: AddVerb, { use, path: znode }: Access): void {
  add('acl', 'who may do what with a znode; with entries: set that', [
    'acl /services',
    'acl /services world:anyone:r digest:ops:bJtd4PhFcPkU+XjaRQzaAzZ3yHE=:cdrwa',
  ])
    .argument('<path>', 'the znode', znode)
    .argument(
      '[entries...]',
      'scheme:id:permissions, as world:anyone:r or digest:user:hash:crdwa',
      entry,
    )
    .action((path: string, entries: readonly Acl[] | undefined, _: unknown, command: Command) =>
      use(command, async (client, { output }) => {
        if (entries && entries.length > 0) await client.setAcl(path, entries);
        const { acl } = await client.getAcl(path);
        const view = acl.map(({ scheme, id, perms }) => ({ scheme, id, perms: letters(perms) }));
        await print(view, output, (rows) => ({
          head: ['SCHEME', 'ID', 'PERMISSIONS'],
          rows: rows.map(({ scheme, id, perms }) => [scheme, id, perms]),
        }));
      }),
    );
}

function entry(text: string, before: readonly Acl[] = []): readonly Acl[] {
  const match = /^([^:]+):(.*):([rwcda]+)$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('Write scheme:id:permissions, as world:anyone:cdrwa.');
  const perms = [...match[3]!].reduce((sum, letter) => sum | LETTERS[letter as 'r'], 0);
  return [...before, { scheme: match[1]!, id: match[2]!, perms }];
}

function letters(perms: number): string {
  return Object.entries(LETTERS)
    .filter(([, bit]) => (perms & bit) !== 0)
    .map(([letter]) => letter)
    .join('');
}
