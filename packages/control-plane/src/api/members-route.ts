import type { FastifyInstance } from 'fastify';
import type { Members } from '../members/members.ts';
import { MEMBERS, type Statement } from '../members/statement.ts';
import { timeView } from './proxy-views.ts';
import { route } from './route.ts';
import { memberListSchema } from './schemas/control-plane-schemas.ts';

/** The replicas of the control plane, this one first, and how many data planes each has. */
export function membersRoute(app: FastifyInstance, members: Members): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/members',
    id: 'listMembers',
    tag: 'control plane',
    summary: 'The replicas of the control plane, and how many data planes each has',
    role: 'viewer',
    answer: memberListSchema,
    handle: () => ({
      knowledge: members.knowledge,
      members: [
        { id: members.id, self: true, ...saidView(members.own) },
        ...members.list.map(({ id, said }) => {
          if (said !== undefined) return { id, self: false, ...saidView(said) };
          return { id, self: false, problem: `what ${MEMBERS}/${id} holds can't be made out` };
        }),
      ],
    }),
  });
}

function saidView({ host, since, policies, applied, counts }: Statement) {
  return {
    host,
    since: timeView(since),
    policies,
    appliedPolicies: applied,
    dataPlanes: counts,
  };
}
