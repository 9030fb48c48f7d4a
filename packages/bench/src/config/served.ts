import { until } from '@meshkeeper/testbed';

/**
 * What a replica answers once it has seen a value of `counter`: another one has published it, and news take
 * their time.
 * @throws TestbedError when it never does
 */
export function served(url: string, value: number, signal: AbortSignal): Promise<string> {
  return until(
    async () => {
      const text = await (await fetch(url, { signal })).text();
      return text.includes(`"counter":{"type":"text","value":"${value}"`) ? text : undefined;
    },
    { signal, message: `${url} has the value ${value}` },
  );
}
