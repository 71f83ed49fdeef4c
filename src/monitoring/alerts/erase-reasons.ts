/** Where people say why, in their own words. */
export const ALERT_REASONS = [
  { table: 'monitoring.alert', id: 'id', column: 'acknowledged_why' },
  { table: 'monitoring.silence', id: 'id', column: 'why' },
] as const
