import { networkInterfaces } from 'node:os';

/** The address by which others reach this machine, as far as it can be told: the first that is not its own. */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = all.filter(({ internal }) => !internal);
  const found =
    outside.find(({ family }) => family === 'IPv4') ??
    outside.find(({ address }) => !address.startsWith('fe80:'));
  return found?.address ?? '127.0.0.1';
}
