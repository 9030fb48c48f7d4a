/** Programs as users write them: `openers.ts API COUNT FIRST`. By IPC when each had a value of `counter`. */
import { openConfig } from '@meshkeeper/config';
import { now } from '../propagation/now.ts';
import { Arrivals } from './arrivals.ts';

const [server = '', count = '0', first = '0'] = process.argv.slice(2);
const arrivals = new Arrivals(Number(count));

await Promise.all(
  Array.from({ length: Number(count) }, async (_, i) => {
    const instance = `i-${Number(first) + i}`;
    const config = await openConfig({ application: 'shop', profile: 'prod', instance, server });
    const tell = ({ counter }: Readonly<Record<string, string>>) =>
      arrivals.had(Number(counter), now());
    config.onChange(tell);
    tell(config.current);
  }),
);
