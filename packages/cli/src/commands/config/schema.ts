import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { optionsOf } from '../../global-options.ts';
import { clean } from '../../output/table.ts';
import type { DraftView } from './answers.ts';
import { ConfigApi, pathOf, Refused } from './api.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';
import { valuesOf } from './value.ts';

interface Flags {
  readonly set?: string;
  readonly remove?: boolean;
}

export function addSchemaCommand(config: Command): void {
  const schema = config
    .command('schema')
    .argument('<application>', TARGET, target)
    .description('the JSON Schema that drafts and releases have to agree with')
    .option('--set <file>', 'make it what this file says (2020-12), in the draft; - reads it')
    .option('--remove', 'take it away, in the draft');
  withExamples(schema, [
    'meshkeeper config schema shop/prod',
    'meshkeeper config schema shop/prod --set shop.schema.json',
  ]).action(async (of: Target, _: unknown, own: Command) => {
    const options = optionsOf<Flags>(own);
    const api = new ConfigApi(options);
    const name = nameOf(of);
    if (options.set === undefined && !options.remove) {
      const { data } = await api.get<DraftView>(`${pathOf(of)}/draft`);
      if (data.schema === undefined)
        throw new CliError(`${name} has no schema: --set FILE gives it one`, ExitCode.NOT_FOUND);
      process.stdout.write(`${data.schema.trimEnd()}\n`);
      return;
    }
    const path = `${pathOf(of)}/schema`;
    if (options.remove) await api.send('DELETE', path, undefined, { ifMatch: '*' });
    else await put(api, path, await schemaIn(options.set ?? ''));
    process.stderr.write(`the schema is in the draft of ${name}: publish it to make it count\n`);
  });
}

async function put(api: ConfigApi, path: string, schema: unknown): Promise<void> {
  try {
    await api.send('PUT', path, schema, { ifMatch: '*' });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    for (const { key = '', path: within = '', message } of error.faults)
      process.stderr.write(
        `${clean(`${key}${within || (key === '' ? 'all of it' : '')}: ${message}`)}\n`,
      );
    throw error;
  }
}

async function schemaIn(file: string): Promise<unknown> {
  const source = file === '-' ? '-' : `@${file}`;
  const values = await valuesOf([{ key: 'schema', source }], { secret: false });
  const { parseDocument } = await import('yaml');
  // Which JSON is a part of.
  const document = parseDocument(values.get('schema') ?? '');
  const [error] = document.errors;
  if (error !== undefined) throw new CliError(`${file}: ${error.message}`, ExitCode.USAGE);
  return document.toJS();
}
