import {
  type Locality,
  leaders,
  mainMembers,
  ownMembers,
  type ServiceSettings,
  subsetMembers,
} from '@meshkeeper/mesh';
import type { ResourceRecord } from '../wire/resource-record.ts';
import { addressRecords, aliasRecord, endpointAddress } from './address-records.ts';
import { hasTag } from './consul-tag.ts';
import type { Meaning } from './grammar.ts';
import { type Level, levelsOf } from './level.ts';
import { isReverse } from './reverse-name.ts';
import { coarseRecords, serviceRecords } from './service-records.ts';
import { type CatalogView, inZone, relativeTo, type Zone } from './zone.ts';

/** What is asked. */
export interface Question {
  /** In lower case, without the last dot. */
  readonly name: string;
  /** `A`, `SRV`, …; of those that nobody here knows `other`. */
  readonly type: string;
}

/** Records that answer a question. */
export interface Choice {
  /** How often this is the answer among the choices, in percent. */
  readonly share: number;
  /** In any order. */
  readonly answers: readonly ResourceRecord[];
  /** What will be asked next, as far as there is room. */
  readonly additional: readonly ResourceRecord[];
}

/** The answer to a question. */
export type Reply =
  /** One of the choices, by their shares. */
  | {
      readonly type: 'records';
      /** The service whose endpoints these are, and none else. */
      readonly service: string | undefined;
      readonly choices: readonly Choice[];
    }
  /** The name is there, and has nothing of that type. */
  | { readonly type: 'no-data'; readonly service: string | undefined; readonly soa: ResourceRecord }
  /** There is no such name. */
  | { readonly type: 'no-name'; readonly soa: ResourceRecord }
  /** It is in no zone of ours. */
  | { readonly type: 'elsewhere' };

const ELSEWHERE: Reply = { type: 'elsewhere' };

/**
 * The answer to a question, which depends on nothing else.
 *
 * @param zones the first that a name is in counts; addresses are named in the first of all
 * @param caller where whoever asks is; undefined: nobody knows
 */
export function answer(
  view: CatalogView,
  zones: readonly Zone[],
  question: Question,
  caller?: Locality,
): Reply {
  const [first] = zones;
  if (first !== undefined && isReverse(question.name)) return reverse(view, first, question);
  for (const zone of zones) {
    const name = relativeTo(zone, question.name);
    if (name === undefined) continue;
    const meaning = zone.grammar.read(name, view) ?? stated(view, question.name);
    if (meaning === undefined) return { type: 'no-name', soa: soaOf(view, zone, zone.origin) };
    return meant(view, zone, zone.origin, meaning, question, caller);
  }
  const host = stated(view, question.name);
  // Of the zone that it is in, this name alone is answered for.
  return host === undefined || first === undefined
    ? ELSEWHERE
    : meant(view, first, question.name, host, question, caller);
}

/** What a name means that a registry states of a service. */
function stated(view: CatalogView, name: string): Meaning | undefined {
  const named = view.host(name);
  return named && { type: 'service', named, part: { type: 'main' } };
}

/** @param authority where what is answered for begins */
function meant(
  view: CatalogView,
  zone: Zone,
  authority: string,
  meaning: Meaning,
  question: Question,
  caller: Locality | undefined,
): Reply {
  const service = 'named' in meaning ? meaning.named.service.name : undefined;
  const choices =
    question.type === 'ANY'
      ? only([minimal(zone, question.name)])
      : choicesOf(view, zone, meaning, question, caller);
  if (choices.length === 0) return { type: 'no-data', service, soa: soaOf(view, zone, authority) };
  return { type: 'records', service, choices };
}

/** What an address is called: whose names it has is up to others where no endpoint is at it. */
function reverse(view: CatalogView, zone: Zone, { name, type }: Question): Reply {
  const found = view.at(name);
  if (found.length === 0) return ELSEWHERE;
  if (type === 'ANY')
    return { type: 'records', service: undefined, choices: only([minimal(zone, name)]) };
  if (type !== 'PTR') return { type: 'no-data', service: undefined, soa: soaOf(view, zone, name) };
  const answers = found.map(
    ({ named, endpoint }): ResourceRecord => ({
      type: 'PTR',
      name,
      ttl: zone.ttl,
      data: inZone(zone, zone.grammar.endpoint(named, endpoint)),
    }),
  );
  return { type: 'records', service: undefined, choices: only(answers) };
}

function choicesOf(
  view: CatalogView,
  zone: Zone,
  meaning: Meaning,
  { name, type }: Question,
  caller: Locality | undefined,
): readonly Choice[] {
  switch (meaning.type) {
    case 'inner':
      return [];
    case 'apex':
      if (type === 'SOA') return only([soaOf(view, zone, name)]);
      return type === 'NS' ? only([nameserver(zone)]) : [];
    case 'nameserver':
      return only(addressRecords(zone, name, type, zone.nameserver));
    case 'address':
      return only(addressRecords(zone, name, type, [meaning.address]));
    case 'endpoint':
      return only(endpointAddress(zone, name, type, meaning.endpoint));
    case 'ports':
    case 'service': {
      const settings = view.settings(meaning.named.service);
      const levels = levelsOf(membersOf(meaning, settings), settings, caller);
      const alias = meaning.type === 'service' ? aliasRecord(zone, name, levels) : undefined;
      // Whoever has another name has nothing else.
      if (alias !== undefined) return only([alias]);
      if (type === 'SRV') {
        const isCoarse = meaning.type === 'ports' && meaning.coarse;
        const records = isCoarse ? coarseRecords : serviceRecords;
        return records(zone, name, meaning.named, levels, settings);
      }
      return meaning.type === 'service' ? addresses(zone, name, type, levels) : [];
    }
  }
}

function membersOf(
  { named: { service }, part }: Extract<Meaning, { part: unknown }>,
  settings: ServiceSettings | undefined,
) {
  switch (part.type) {
    case 'main':
      return mainMembers(service, settings, service.endpoints);
    case 'leader':
      return leaders(ownMembers(service, settings, service.endpoints));
    case 'subset':
      return subsetMembers(part.subset, ownMembers(service, settings, service.endpoints));
    case 'tag':
      return mainMembers(service, settings, service.endpoints).filter((endpoint) =>
        hasTag(endpoint, part.tag),
      );
  }
}

/** Those of one level, by its load; of a level without such addresses none. */
function addresses(
  zone: Zone,
  name: string,
  type: string,
  levels: readonly Level[],
): readonly Choice[] {
  return levels
    .map(({ load, endpoints }) => ({
      share: load,
      answers: addressRecords(
        zone,
        name,
        type,
        endpoints.map(({ address }) => address),
      ),
      additional: [],
    }))
    .filter(({ share, answers }) => share > 0 && answers.length > 0);
}

/** RFC 8482 4.2: who asks for everything is told that this is not how one asks. */
function minimal(zone: Zone, name: string): ResourceRecord {
  return { type: 'HINFO', name, ttl: zone.ttl, data: { cpu: 'RFC8482', os: '' } };
}

function nameserver(zone: Zone): ResourceRecord {
  const data = inZone(zone, zone.grammar.nameserver);
  return { type: 'NS', name: zone.origin, ttl: zone.ttl, data };
}

/** The start of authority; its last field, and its own TTL, are how long it may be kept that there is nothing. */
function soaOf({ revision }: CatalogView, zone: Zone, name: string): ResourceRecord {
  const data = {
    mname: inZone(zone, zone.grammar.nameserver),
    rname: inZone(zone, 'hostmaster'),
    serial: revision >>> 0,
    // Of those who would copy the zone, which nobody may.
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: zone.negativeTtl,
  };
  return { type: 'SOA', name, ttl: zone.negativeTtl, data };
}

function only(answers: readonly ResourceRecord[]): readonly Choice[] {
  return answers.length === 0 ? [] : [{ share: 100, answers, additional: [] }];
}
