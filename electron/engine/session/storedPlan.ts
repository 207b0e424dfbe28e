/** A session's plan as it was kept, perhaps by an earlier version whose plans had less in them. Pure. */
import { deliverySchema } from '../../../shared/protocol/control.ts'
import {
  DEFAULT_POLICY,
  DEFAULT_RULES,
  policySchema,
  receiverProtocolSchema,
  rulesSchema,
  type SessionPlan,
  sessionPlanSchema,
  startRuleSchema,
} from '../../../shared/session.ts'

export const storedPlanSchema = sessionPlanSchema.extend({
  // Sessions from before there were policies go on with the one they had in effect.
  policy: policySchema.default(DEFAULT_POLICY),
  delivery: deliverySchema.default('multicast'),
  protocol: receiverProtocolSchema.default('benchcast'),
  // It was confirmed when it was opened: there was no other way then.
  rules: rulesSchema.default({ ...DEFAULT_RULES, isConfirmed: true }),
  start: startRuleSchema.extend({
    afterFirstJoinMs: startRuleSchema.shape.afterFirstJoinMs.default(null),
    atMs: startRuleSchema.shape.atMs.default(null),
  }),
})

/** Null for what a later version wrote otherwise. */
export function storedPlan(value: unknown): SessionPlan | null {
  return storedPlanSchema.safeParse(value).data ?? null
}
