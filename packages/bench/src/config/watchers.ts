/** Watches one application's digests: `watchers.ts API COUNT`. Says `ready`, then by IPC when each came. */
import { Agent, get } from 'node:http';
import { now } from '../propagation/now.ts';

const [api = '', count = '0'] = process.argv.slice(2);
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
let connected = 0;
let times: number[] = [];

for (let i = 0; i < Number(count); i++) {
  // Each says who it is: none is answered by what another was.
  const url = `${api}/api/v1/config/shop/watch?profile=prod&instance=i-${i}`;
  get(url, { agent }, (response) => {
    let first = true;
    response.setEncoding('utf8').on('data', (text: string) => {
      for (let j = text.split('\n\n').length - 1; j > 0; j--)
        if (first) {
          first = false;
          if (++connected === Number(count)) console.log('ready');
        } else {
          times.push(now());
          if (times.length === Number(count)) {
            process.send?.(times);
            times = [];
          }
        }
    });
  }).on('error', (error) => {
    throw error;
  });
}
