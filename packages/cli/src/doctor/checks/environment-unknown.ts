import { didYouMean } from '../../similar.ts';
import { type Check, warning } from '../check.ts';

/** Read by the command itself, beside those that set the configuration. */
const OTHERS = [
  'MESHKEEPER_SERVER',
  'MESHKEEPER_TOKEN',
  'MESHKEEPER_XDS',
  'MESHKEEPER_SERVICE',
  'MESHKEEPER_FENCING_TOKEN',
  'MESHKEEPER_SOAK',
];

export const environmentUnknown: Check = {
  id: 'environment-unknown',
  group: 'configuration',
  well: 'every MESHKEEPER_ variable is one that is read',
  async find() {
    const { ENVIRONMENT } = await import('@meshkeeper/control-plane');
    const known = [...Object.keys(ENVIRONMENT), ...OTHERS];
    return Object.keys(process.env)
      .filter((name) => name.startsWith('MESHKEEPER_') && !known.includes(name))
      .filter((name) => !name.startsWith('MESHKEEPER_TESTBED_'))
      .map((name) =>
        warning(
          `nothing reads ${name}${didYouMean(name, known)}`,
          'rename the variable, or take it out of the environment',
        ),
      );
  },
};
