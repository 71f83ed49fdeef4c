/** The four views of the benchmark: the names, features and types of examples/streamflow. */

export type BenchType = 'Int64' | 'Float32' | 'Bool' | 'String'

export type BenchView = { name: string; features: Record<string, BenchType> }

export const BENCH_VIEWS: readonly BenchView[] = [
  {
    name: 'subs_profile_fv',
    features: {
      months_active: 'Int64',
      monthly_fee: 'Float32',
      paperless_billing: 'Bool',
      plan_stream_tv: 'Bool',
      plan_stream_movies: 'Bool',
      net_service: 'String',
    },
  },
  {
    name: 'usage_agg_30d_fv',
    features: {
      watch_hours_30d: 'Float32',
      avg_session_mins_7d: 'Float32',
      unique_devices_30d: 'Int64',
      skips_7d: 'Int64',
      rebuffer_events_7d: 'Int64',
    },
  },
  { name: 'payments_agg_90d_fv', features: { failed_payments_90d: 'Int64' } },
  {
    name: 'support_agg_90d_fv',
    features: { support_tickets_90d: 'Int64', ticket_avg_resolution_hrs_90d: 'Float32' },
  },
]

/** `view:feature` for each of the 14, as a request names them. */
export const BENCH_FEATURES: readonly string[] = BENCH_VIEWS.flatMap(({ name, features }) =>
  Object.keys(features).map((feature) => `${name}:${feature}`),
)
