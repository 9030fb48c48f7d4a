/** Programs as users write them: `openers.ts API COUNT FIRST`. By IPC when each had a value of `counter`. */
import { openConfig } from '@meshkeeper/config';
import { now } from '../propagation/now.ts';
import { Arrivals, clientNames } from './arrivals.ts';

const [server = '', count = '0', first = '0'] = process.argv.slice(2);
const instances = clientNames(Number(count), Number(first));
const arrivals = new Arrivals(instances);

await Promise.all(
  instances.map(async (instance) => {
    const config = await openConfig({ application: 'shop', profile: 'prod', instance, server });
    const tell = ({ counter }: Readonly<Record<string, string>>) =>
      arrivals.had(instance, Number(counter), now());
    config.onChange(tell);
    tell(config.current);
  }),
);
