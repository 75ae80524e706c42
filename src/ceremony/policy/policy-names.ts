/** The names of assets and recipients that a policy has, for decoders: people read names before addresses. */
import type { Known } from '../../payload/decoder.js'
import type { PolicyInForce } from './policy-in-force.js'

export const namesIn = (policy: Pick<PolicyInForce, 'policy'> | null): Known | undefined =>
  policy
    ? { tokens: [...policy.policy.assets.values()], labels: [...policy.policy.recipients.values()] }
    : undefined
