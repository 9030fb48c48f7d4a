import { type ApiClient, segment } from '../api-client.ts';
import type { ApplicationView, ContentView, ReleaseView } from '../commands/config/answers.ts';
import type { Candidate } from './live-names.ts';
import type { Spot } from './spot.ts';

/** Gives what there is now, of a control plane. */
type Source = (spot: Spot, api: ApiClient) => Promise<readonly Candidate[]>;

/** Names that are offered, at most. */
const LIMIT = 1_000;

interface Listed {
  readonly application: string;
  readonly namespaces: readonly string[];
}

/** Applications; where a profile may follow, those that they have, too. */
const applications: Source = async ({ expects }, api) => {
  const { items } = await api.get<{ items: readonly Listed[] }>(`/config?limit=${LIMIT}`);
  const takesProfile = expects.type === 'option value' || hasParser(expects);
  return items.flatMap(({ application, namespaces }) => [
    { value: application },
    ...(takesProfile ? namespaces : [])
      .filter((namespace) => namespace !== 'default')
      .map((namespace) => ({ value: `${application}/${namespace}` })),
  ]);
};

const profiles: Source = async (spot, api) => {
  const [application = ''] = named(spot);
  const { namespaces } = await api.get<ApplicationView>(`/config/${segment(application)}`);
  return namespaces
    .filter(({ namespace }) => namespace !== 'default')
    .map(({ namespace }) => ({ value: namespace }));
};

/** Of a profile those that are published; of an application what its instances get. */
const keys: Source = async (spot, api) => {
  const [application = '', namespace] = named(spot);
  if (namespace !== undefined || spot.command.name() !== 'get') {
    const query = `?limit=${LIMIT}&prefix=${encodeURIComponent(spot.word)}`;
    const { entries } = await api.get<ContentView>(`${pathOf(spot)}${query}`);
    return Object.keys(entries).map((value) => ({ value }));
  }
  const { profile } = spot.options;
  const query = profile === undefined ? '' : `?profile=${encodeURIComponent(profile)}`;
  const path = `/config/${segment(application)}/resolve${query}`;
  const { values } = await api.get<{ values: Readonly<Record<string, unknown>> }>(path);
  return Object.keys(values).map((value) => ({ value }));
};

const releases: Source = async (spot, api) => {
  const { items } = await api.get<{ items: readonly ReleaseView[] }>(`${pathOf(spot)}/releases`);
  return items.map(({ number, at, by, message = '' }) => ({
    value: String(number),
    description: `${at} ${by} ${message}`.trimEnd(),
  }));
};

const grays: Source = async (spot, api) =>
  (await api.get<ContentView>(`${pathOf(spot)}?limit=1`)).grays.map(({ name }) => ({
    value: name,
  }));

const ARGUMENTS: Readonly<Record<string, Source>> = {
  application: applications,
  ...{ key: keys, release: releases, from: releases, to: releases },
};
const OPTIONS: Readonly<Record<string, Source>> = {
  ...{ profile: profiles, remove: keys, release: releases },
  ...{ link: applications, unlink: applications },
};

/** Where the names at a spot of `meshkeeper config …` come from; undefined elsewhere. */
export function configSourceOf({ command, expects }: Spot): Source | undefined {
  const above = [command.parent?.name(), command.parent?.parent?.name()];
  if (!above.includes('config')) return undefined;
  if (expects.type === 'option value')
    return expects.option.isBoolean() ? undefined : OPTIONS[expects.option.attributeName()];
  if (expects.type !== 'argument') return undefined;
  const name = expects.argument.name();
  return above[0] === 'gray' && name === 'name' ? grays : ARGUMENTS[name];
}

/** What reads a profile besides, reads it by a function of its own. */
function hasParser(expects: Spot['expects']): boolean {
  return expects.type === 'argument' && expects.argument.parseArg !== undefined;
}

/** The application of a line, and the profile if it names one. */
function named({ arguments: [first = ''] }: Spot): [application: string, namespace?: string] {
  const [application = '', namespace] = first.split('/');
  return namespace === undefined ? [application] : [application, namespace];
}

function pathOf(spot: Spot): string {
  const [application, namespace = 'default'] = named(spot);
  return `/config/${segment(application)}/${segment(namespace)}`;
}
