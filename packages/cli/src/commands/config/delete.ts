import type { Command } from 'commander';
import { confirm, mustBeAsked, YES } from '../../confirm.ts';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { optionsOf } from '../../global-options.ts';
import { didYouMean } from '../../similar.ts';
import type { ApplicationView, DraftView } from './answers.ts';
import { ConfigApi, pathOf } from './api.ts';
import { type ApplicationOrTarget, applicationOrTarget } from './target.ts';

export function addDeleteCommand(config: Command): void {
  const command = config
    .command('delete')
    .argument(
      '<application>',
      'the application, with all its profiles; or APPLICATION/PROFILE',
      applicationOrTarget,
    )
    .description(
      'delete an application, or a profile of it, with all releases, after asking: that is not taken back',
    )
    .option('--force', 'an application although others link to it')
    .option(...YES);
  withExamples(command, [
    'meshkeeper config delete shop/staging',
    'meshkeeper config delete shop/default',
    'meshkeeper config delete shop --yes',
  ]).action(async ({ application, namespace }: ApplicationOrTarget, _: unknown, own: Command) => {
    const options = optionsOf<{ readonly yes?: boolean; readonly force?: boolean }>(own);
    const api = new ConfigApi(options);
    mustBeAsked(options.yes);
    const ask = async (question: string, goes: readonly string[]) => {
      if (!options.yes) await confirm(question, goes);
    };
    if (namespace === undefined) {
      const path = `/${encodeURIComponent(application)}`;
      const { data, etag } = await api.get<ApplicationView>(path);
      const names = data.namespaces.map((each) => `${application}/${each.namespace}`);
      await ask(`Delete ${application}, with all its profiles and their history?`, names);
      const query = options.force ? '?force=true' : '';
      await api.send('DELETE', `${path}${query}`, undefined, { ifMatch: etag });
      process.stderr.write(`${application} is gone\n`);
      return;
    }
    const path = pathOf({ application, namespace });
    const { data, etag } = await api.get<DraftView>(`${path}/draft`);
    if (data.base === 0 && data.by === undefined) await known(api, application, namespace);
    await ask(`Delete ${application}/${namespace}, with its history?`, []);
    await api.send('DELETE', path, undefined, { ifMatch: etag });
    process.stderr.write(`${application}/${namespace} is gone\n`);
  });
}

/** Of what isn't there, a draft would begin with nothing, too. @throws CliError */
async function known(api: ConfigApi, application: string, namespace: string): Promise<void> {
  const { data } = await api.get<ApplicationView>(`/${encodeURIComponent(application)}`);
  const names = data.namespaces.map((each) => each.namespace);
  if (names.includes(namespace)) return;
  const meant = didYouMean(namespace, names);
  throw new CliError(
    `there is no profile ${namespace} of ${application}${meant}`,
    ExitCode.NOT_FOUND,
  );
}
