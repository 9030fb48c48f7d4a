import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { optionsOf } from '../../global-options.ts';
import { formatOf, print } from '../../output/format.ts';
import { ConfigApi } from './api.ts';
import { nameOf } from './target.ts';

interface SignalledView {
  readonly abandoned: readonly {
    readonly application: string;
    readonly namespace: string;
    readonly gray: string;
  }[];
}

export function addSignalCommand(config: Command): void {
  const signal = config
    .command('signal')
    .argument('<application>', 'whose configuration')
    .argument('<name>', 'as "gray --abandon-on" names it')
    .description('say that something is wrong: ends the gray releases that name it')
    .option('-m, --message <text>', 'what is wrong');
  withExamples(signal, [
    'meshkeeper config signal shop checkout-errors -m "3 % of checkouts fail"',
  ]).action(async (application: string, name: string, _: unknown, own: Command) => {
    const options = optionsOf<{ readonly message?: string }>(own);
    const path = `/${encodeURIComponent(application)}/signals/${encodeURIComponent(name)}`;
    const { message } = options;
    const body = message === undefined ? {} : { detail: message };
    const { data } = await new ConfigApi(options).send<SignalledView>('POST', path, body);
    if (formatOf(options.output) !== 'table') await print(data, options.output, () => '');
    for (const { gray, ...of } of data.abandoned)
      process.stderr.write(`${gray} of ${nameOf(of)} has ended\n`);
    if (data.abandoned.length === 0) process.stderr.write(`no gray release names ${name}\n`);
  });
}
