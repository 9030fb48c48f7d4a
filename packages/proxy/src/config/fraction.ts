import { DenominatorType, type FractionalPercent } from '@meshkeeper/xds';

/** A share of all, from 0 to 1. */
export type Share = number;

/** `type.v3.FractionalPercent`; `otherwise` is what it is when it is not there. */
export function parseFraction(
  message: FractionalPercent | null | undefined,
  otherwise: Share = 1,
): Share {
  if (!message) return otherwise;
  const all = DENOMINATORS[message.denominator ?? DenominatorType.HUNDRED] ?? 100;
  return Math.min(1, (message.numerator ?? 0) / all);
}

const DENOMINATORS: Readonly<Record<number, number>> = {
  [DenominatorType.HUNDRED]: 100,
  [DenominatorType.TEN_THOUSAND]: 10_000,
  [DenominatorType.MILLION]: 1_000_000,
};

/** True of that share of the calls. */
export function happens(share: Share, random: () => number): boolean {
  return share >= 1 || (share > 0 && random() < share);
}
