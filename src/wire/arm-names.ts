/** Which of the versions of a model: the one that answers, one that answers for a share of the keys, one that answers nobody. */
export const ARMS = ['champion', 'canary', 'shadow'] as const
export type ArmName = (typeof ARMS)[number]
