import type { FourLetterWord } from '@meshkeeper/zookeeper-server';

/** What the embedded server answers without a session: it is for one machine, and they change nothing. */
export const FOUR_LETTER_WORDS: readonly FourLetterWord[] = [
  'ruok',
  'srvr',
  'stat',
  'mntr',
  'conf',
  'cons',
  'isro',
  'wchs',
];
