import type { NamespaceRef } from '../model/names.ts';

/** What was done with a namespace because it was due, and nobody asked for it then. */
export type OwnDeed = NamespaceRef &
  (
    | {
        readonly type: 'published';
        /** Of what was scheduled. */
        readonly id: string;
        /** Who has scheduled it. */
        readonly for: string;
        readonly release: number;
      }
    | {
        /** It was due, and could not be published. */
        readonly type: 'not-published';
        readonly id: string;
        readonly for: string;
        readonly reason: string;
      }
    | {
        /** A gray release was ended. */
        readonly type: 'abandoned';
        readonly gray: string;
        readonly reason: string;
      }
  );
