const LOW_BITS = 56n;

/**
 * The next session id: `serverId` in the high byte, below it the time in milliseconds shifted by 16
 * bits. Always above `last`, so that no id is given twice even when the clock goes back.
 */
export function nextSessionId(serverId: number, now: number, last: bigint): bigint {
  const byTime =
    (BigInt(serverId) << LOW_BITS) | BigInt.asUintN(Number(LOW_BITS), BigInt(now) << 16n);
  return byTime > last ? byTime : last + 1n;
}
