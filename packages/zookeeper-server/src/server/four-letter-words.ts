import type { FourLetterWord } from '../options.ts';
import type { WordContext } from './word-context.ts';

/** The version of the original whose behaviour this server has. */
export const COMPATIBLE_WITH = '3.9.5';

const KNOWN = new Set(
  'conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk wchc wchp wchs'.split(
    ' ',
  ),
);

const lines = (all: readonly string[]) => all.map((line) => `${line}\n`).join('');

function summary({ stats }: WordContext): string {
  return lines([
    `Latency min/avg/max: ${stats.latency.min}/${stats.latency.average}/${stats.latency.max}`,
    `Received: ${stats.received}`,
    `Sent: ${stats.sent}`,
    `Connections: ${stats.connections}`,
    `Outstanding: ${stats.outstanding}`,
    `Zxid: 0x${stats.zxid.toString(16)}`,
    'Mode: standalone',
    `Node count: ${stats.znodes}`,
  ]);
}

function connectionLines({ connections }: WordContext): string {
  const all = connections.map(
    ({ address, sessionId, queued, received, sent }) =>
      ` /${address}[1](queued=${queued},recved=${received},sent=${sent},sid=0x${sessionId.toString(16)})`,
  );
  return lines([...all, '']);
}

function monitor({ stats }: WordContext): string {
  const values: Record<string, string | number | bigint> = {
    version: `${COMPATIBLE_WITH}-meshkeeper`,
    server_state: 'standalone',
    avg_latency: stats.latency.average,
    min_latency: stats.latency.min,
    max_latency: stats.latency.max,
    packets_received: stats.received,
    packets_sent: stats.sent,
    num_alive_connections: stats.connections,
    outstanding_requests: stats.outstanding,
    znode_count: stats.znodes,
    watch_count: stats.watches,
    ephemerals_count: stats.ephemerals,
    approximate_data_size: stats.dataSize,
    global_sessions: stats.sessions,
    last_zxid: stats.zxid,
    uptime: stats.uptime,
  };
  return lines(Object.entries(values).map(([key, value]) => `zk_${key}\t${value}`));
}

const VERSION = `Zookeeper version: ${COMPATIBLE_WITH}-meshkeeper, built on node ${process.version}\n`;

const answers: Readonly<Record<FourLetterWord, (context: WordContext) => string>> = {
  ruok: () => 'imok',
  isro: () => 'rw',
  srvr: (context) => VERSION + summary(context),
  stat: (context) => `${VERSION}Clients:\n${connectionLines(context)}${summary(context)}`,
  cons: connectionLines,
  mntr: monitor,
  conf: ({ configuration }) =>
    lines(Object.entries(configuration).map(([key, value]) => `${key}=${value}`)),
  wchs: ({ stats }) =>
    lines([
      `${stats.watchers} connections watching ${stats.watchedPaths} paths`,
      `Total watches:${stats.watches}`,
    ]),
  envi: () => lines(['Environment:', `zookeeper.version=${COMPATIBLE_WITH}-meshkeeper`]),
};

/** The answer to a four-letter word; undefined if the four bytes are none. */
export function answerWord(
  word: string,
  allowed: ReadonlySet<string>,
  context: () => WordContext,
): string | undefined {
  if (!KNOWN.has(word)) return undefined;
  if (!allowed.has(word) || !Object.hasOwn(answers, word))
    return `${word} is not executed because it is not in the whitelist.\n`;
  return answers[word as FourLetterWord](context()); // hasOwn has just said so.
}
