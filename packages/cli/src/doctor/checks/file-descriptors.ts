import { type Check, Unknown, warning } from '../check.ts';

/** Connections and files that a control plane or a proxy should be able to have. */
const ENOUGH = 4_096;

export const fileDescriptors: Check = {
  id: 'file-descriptors',
  group: 'machine',
  well: 'enough connections and files may be open at a time',
  async find() {
    if (process.platform === 'win32') throw new Unknown('there is no such limit here');
    // Node.js raises its own limit as far as it may.
    const { userLimits } = process.report.getReport() as unknown as Limits;
    const { soft } = userLimits.open_files;
    if (soft === 'unlimited' || soft >= ENOUGH) return [];
    return [
      warning(
        `only ${soft} files and connections may be open at a time`,
        `raise the limit to ${ENOUGH} or more: ulimit -n, or LimitNOFILE= of the service`,
      ),
    ];
  },
};

/** The part of Node's report that is read; its type says only that it is an object. */
interface Limits {
  readonly userLimits: { readonly open_files: { readonly soft: number | 'unlimited' } };
}
