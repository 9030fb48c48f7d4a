import type { RandomSource, ServiceChange, Snapshot } from '@meshkeeper/mesh';
import { HEADER, type RcodeName, RECORD_TYPES, recordTypeName } from '../wire/codes.ts';
import { isInternet, nameOf, type Query, readQuery } from '../wire/query.ts';
import { encodedRecord } from '../wire/resource-record.ts';
import { headerOnly, limitOf, response, ringResponse, type Transport } from '../wire/response.ts';
import { SrvRing } from '../wire/srv-ring.ts';
import { answer, type Choice, type Reply } from '../zone/answer.ts';
import { CatalogNames } from '../zone/catalog-names.ts';
import type { Zone } from '../zone/zone.ts';
import { AnswerCache, type CachedReply, type EncodedChoice } from './answer-cache.ts';
import type { Places } from './places.ts';

/** How messages are answered. */
export interface AnswererOptions {
  readonly zones: readonly Zone[];
  readonly places: Places;
  /** Whether it is believed on whose behalf somebody asks. */
  readonly clientSubnet: boolean;
  /** Whether questions about other zones are asked on. */
  readonly forwards: boolean;
  /** Names whose encoded answers are kept. */
  readonly cacheSize: number;
  readonly random: RandomSource;
}

/** A message that is answered. */
export interface Answered {
  readonly type: 'answered';
  readonly bytes: Buffer;
  /** What was asked for. */
  readonly recordType: string;
  readonly rcode: RcodeName;
}

/** What becomes of a message. */
export type Outcome =
  | Answered
  /** Somebody else is to be asked. */
  | { readonly type: 'forwarded'; readonly query: Query }
  | { readonly type: 'ignored' };

const IGNORED: Outcome = { type: 'ignored' };
const NONE: readonly Buffer[] = [];
/** Behind the serial there are five numbers of four bytes, itself among them: RFC 1035 3.3.13. */
const SERIAL_FROM_END = 20;
/** Bytes of a record without data whose name is a pointer. */
const LEAST_RECORD = 12;

/** Messages to messages: all that a DNS server does but for its sockets. */
export class Answerer {
  readonly #options: AnswererOptions;
  readonly #names: CatalogNames;
  readonly #cache: AnswerCache;
  #ready = false;

  constructor(options: AnswererOptions) {
    this.#options = options;
    const origins = options.zones.map(({ origin }) => origin);
    this.#names = new CatalogNames(origins.sort((a, b) => b.length - a.length)[0] ?? '');
    this.#cache = new AnswerCache(options.cacheSize);
  }

  /** What has no name in DNS, by service. */
  get faults(): ReadonlyMap<string, string> {
    return this.#names.faults;
  }

  /** Answers from this snapshot from now on; before the first nothing is known, and that is said. */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    this.#ready = true;
    const changed = this.#names.update(snapshot, changes);
    if (changed.type === 'all') this.#cache.clear();
    else for (const name of changed.names) this.#cache.drop(name);
  }

  /**
   * What becomes of a message.
   *
   * @param source the address that it came from
   */
  answer(bytes: Buffer, source: string, transport: Transport): Outcome {
    const received = readQuery(bytes);
    switch (received.type) {
      case 'ignored':
        return IGNORED;
      case 'malformed':
        return answered(headerOnly(bytes, 'FORMERR'), 'other', 'FORMERR');
      case 'other-operation':
        return answered(headerOnly(bytes, 'NOTIMP'), 'other', 'NOTIMP');
      case 'query':
        return this.#answer(received, source, limitOf(received, transport));
    }
  }

  /** An answer that says no more than how it went. */
  refusal(query: Query, rcode: RcodeName, limit: number): Answered {
    const { forwards } = this.#options;
    const none = { answers: NONE, additional: NONE, authoritative: false, recursion: forwards };
    const bytes = response(query, { rcode, ...none }, limit);
    return answered(bytes, recordTypeName(query.recordType), rcode);
  }

  #answer(query: Query, source: string, limit: number): Outcome {
    const { recordType, edns } = query;
    if (edns !== undefined && edns.version > 0) return this.refusal(query, 'BADVERS', limit);
    if (!isInternet(query) || recordType === RECORD_TYPES.AXFR || recordType === RECORD_TYPES.IXFR)
      return this.refusal(query, 'REFUSED', limit);
    const { clientSubnet, places } = this.#options;
    const place = places.of((clientSubnet && edns?.subnet?.address) || source);
    const key = keyOf(query);
    const cached = this.#cache.get(key, recordType, place);
    if (cached?.type === 'records') return this.#records(query, cached.choices, limit);
    if (cached !== undefined) return this.#nothing(query, 'NOERROR', cached.soa, limit);
    return this.#find(query, key, place, limit);
  }

  #find(query: Query, key: string, place: number, limit: number): Outcome {
    if (!this.#ready) return this.refusal(query, 'SERVFAIL', limit);
    const { zones, places, forwards } = this.#options;
    const question = { name: nameOf(query), type: recordTypeName(query.recordType) };
    const reply = answer(this.#names, zones, question, places.locality(place));
    if (reply.type === 'elsewhere')
      return forwards ? { type: 'forwarded', query } : this.refusal(query, 'REFUSED', limit);
    if (reply.type === 'no-name')
      return this.#nothing(query, 'NXDOMAIN', encodedRecord(reply.soa, question.name), limit);
    const found = encodedReply(reply, question.name);
    if (reply.service !== undefined)
      this.#cache.set(key, query.recordType, place, reply.service, found);
    return found.type === 'records'
      ? this.#records(query, found.choices, limit)
      : this.#nothing(query, 'NOERROR', found.soa, limit);
  }

  /** There is nothing; `soa` is written to: it is kept for longer than its serial holds. */
  #nothing(query: Query, rcode: RcodeName, soa: Buffer, limit: number): Outcome {
    soa.writeUInt32BE(this.#names.revision >>> 0, soa.length - SERIAL_FROM_END);
    const recursion = this.#options.forwards;
    const content = { rcode, authoritative: true, recursion, authority: soa };
    const bytes = response(query, { ...content, answers: NONE, additional: NONE }, limit);
    return answered(bytes, recordTypeName(query.recordType), rcode);
  }

  #records(query: Query, choices: readonly EncodedChoice[], limit: number): Outcome {
    const { answers, additional, ring } = this.#choose(choices);
    const { forwards: recursion, random } = this.#options;
    const manner = { rcode: 'NOERROR', authoritative: true, recursion } as const;
    // By SRV who asks chooses by weights: to begin with another each time is for those who take the first.
    const bytes =
      (ring && ringResponse(query, manner, ring, random.below(ring.answers), limit)) ??
      response(query, { ...manner, answers: this.#shuffled(answers, limit), additional }, limit);
    return answered(bytes, recordTypeName(query.recordType), 'NOERROR');
  }

  #choose(choices: readonly EncodedChoice[]): EncodedChoice {
    let left = choices.length === 1 ? 0 : this.#options.random.below(sharesOf(choices));
    for (const choice of choices) {
      left -= choice.share;
      if (left < 0) return choice;
    }
    return choices[0]!;
  }

  /** In another order each time: most take the first. What does not fit need not be in order. */
  #shuffled(records: readonly Buffer[], limit: number): readonly Buffer[] {
    const order = records.slice();
    const end = Math.min(order.length - 1, Math.ceil(limit / LEAST_RECORD));
    for (let i = 0; i < end; i++) {
      const other = i + this.#options.random.below(order.length - i);
      const record = order[i]!;
      order[i] = order[other]!;
      order[other] = record;
    }
    return order;
  }
}

/** The name as it is sent, in lower case: the bytes of lengths are no letters. */
function keyOf({ bytes, nameEnd, hasUpperCase }: Query): string {
  const name = bytes.toString('latin1', HEADER, nameEnd);
  return hasUpperCase ? name.toLowerCase() : name;
}

function sharesOf(choices: readonly EncodedChoice[]): number {
  return choices.reduce((sum, { share }) => sum + share, 0);
}

function encodedReply(
  reply: Extract<Reply, { readonly type: 'records' | 'no-data' }>,
  name: string,
): CachedReply {
  if (reply.type === 'no-data') return { type: 'no-data', soa: encodedRecord(reply.soa, name) };
  return { type: 'records', choices: reply.choices.map((choice) => encodedChoice(choice, name)) };
}

function encodedChoice({ share, answers, additional }: Choice, name: string): EncodedChoice {
  return {
    share,
    answers: answers.map((record) => encodedRecord(record, name)),
    additional: additional.map((record) => encodedRecord(record, name)),
    ring: SrvRing.of(answers, additional, name),
  };
}

function answered(bytes: Buffer, recordType: string, rcode: RcodeName): Answered {
  return { type: 'answered', bytes, recordType, rcode };
}
