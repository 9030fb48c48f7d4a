import type { FastifyInstance } from 'fastify';
import type { Members } from '../members/members.ts';
import { MEMBERS, type Statement } from '../members/statement.ts';
import { timeView } from './proxy-views.ts';

/** The replicas of the control plane, this one first, and how many data planes each has. */
export function membersRoute(app: FastifyInstance, members: Members): void {
  app.get('/api/v1/members', () => ({
    /** `all`: these are all; `reading`: they are being read; `away`: the others are what they were before ZooKeeper was away. */
    knowledge: members.knowledge,
    members: [
      { id: members.id, self: true, ...saidView(members.own) },
      ...members.list.map(({ id, said }) => {
        if (said !== undefined) return { id, self: false, ...saidView(said) };
        return { id, self: false, problem: `what ${MEMBERS}/${id} holds can't be made out` };
      }),
    ],
  }));
}

function saidView({ host, since, policies, applied, counts }: Statement) {
  return {
    host,
    since: timeView(since),
    /** The revision of the policies that it serves, and the one that all of its data planes have. */
    policies,
    appliedPolicies: applied,
    dataPlanes: counts,
  };
}
