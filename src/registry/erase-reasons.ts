/** Where people say why, in their own words. */
export const REGISTRY_REASONS = [
  { table: 'registry.transition', id: 'transition_id', column: 'comment' },
  { table: 'registry.promotion_request', id: 'id', column: 'reason' },
  { table: 'registry.promotion_request', id: 'id', column: 'decided_reason' },
] as const
