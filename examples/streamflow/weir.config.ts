/** Churn of a streaming service: six tables a month, four feature views, one random forest. */
import { defineProject } from 'weir'

const userId = {
  type: 'String',
  checks: [{ rule: 'required' }, { rule: 'unique' }, { rule: 'pattern', pattern: '^\\d{4}-[A-Z]{5}$' }],
} as const

const count = { type: 'Int64', checks: [{ rule: 'required' }, { rule: 'range', min: 0 }] } as const
const amount = { type: 'Float32', checks: [{ rule: 'required' }, { rule: 'range', min: 0 }] } as const
const flag = { type: 'Bool', checks: [{ rule: 'required' }] } as const
/** A plan exists only where there is a line: null exactly for customers without one. */
const plan = { type: 'Bool', checks: [{ rule: 'null_only_when', column: 'net_service', values: ['No'] }] } as const

/** Every table of a month speaks of the same customers, and their number does not jump. */
const monthly = [
  { rule: 'one_row_per_key' },
  { rule: 'same_keys_as', source: 'users' },
  { rule: 'row_count_change', share: 0.2, severity: 'warn' },
] as const

export default defineProject({
  name: 'streamflow',
  sources: {
    users: {
      key: 'user_id',
      columns: {
        user_id: userId,
        signup_date: { type: 'Date', checks: [{ rule: 'required' }] },
        user_gender: { type: 'String', checks: [{ rule: 'allowed', values: ['Female', 'Male'], severity: 'warn' }] },
        user_is_senior: flag,
        has_family: flag,
        has_dependents: flag,
      },
      checks: [{ rule: 'one_row_per_key' }, { rule: 'row_count_change', share: 0.2, severity: 'warn' }],
    },
    subscriptions: {
      key: 'user_id',
      columns: {
        user_id: userId,
        months_active: count,
        plan_stream_tv: plan,
        plan_stream_movies: plan,
        contract_type: {
          type: 'String',
          checks: [
            { rule: 'required' },
            { rule: 'allowed', values: ['Month-to-month', 'One year', 'Two year'], severity: 'warn' },
          ],
        },
        paperless_billing: flag,
        monthly_fee: amount,
        total_paid: { type: 'Float64', checks: [{ rule: 'range', min: 0 }] },
        net_service: {
          type: 'String',
          checks: [{ rule: 'required' }, { rule: 'allowed', values: ['DSL', 'Fiber optic', 'No'] }],
        },
      },
      checks: [...monthly],
    },
    usage_agg_30d: {
      key: 'user_id',
      columns: {
        user_id: userId,
        watch_hours_30d: amount,
        avg_session_mins_7d: amount,
        unique_devices_30d: count,
        skips_7d: count,
        rebuffer_events_7d: count,
      },
      checks: [...monthly],
    },
    payments_agg_90d: {
      key: 'user_id',
      columns: { user_id: userId, failed_payments_90d: count },
      checks: [...monthly],
    },
    support_agg_90d: {
      key: 'user_id',
      columns: { user_id: userId, support_tickets_90d: count, ticket_avg_resolution_hrs_90d: amount },
      checks: [...monthly],
    },
    labels: {
      key: 'user_id',
      columns: { user_id: userId, churn_label: flag },
      checks: [...monthly],
    },
  },
  entities: { user: { joinKeys: { user_id: 'String' } } },
  featureViews: {
    subs_profile_fv: {
      entity: 'user',
      source: 'subscriptions',
      features: {
        months_active: 'Int64',
        monthly_fee: 'Float32',
        paperless_billing: 'Bool',
        plan_stream_tv: 'Bool',
        plan_stream_movies: 'Bool',
        net_service: 'String',
      },
    },
    usage_agg_30d_fv: {
      entity: 'user',
      source: 'usage_agg_30d',
      features: {
        watch_hours_30d: 'Float32',
        avg_session_mins_7d: 'Float32',
        unique_devices_30d: 'Int64',
        skips_7d: 'Int64',
        rebuffer_events_7d: 'Int64',
      },
    },
    payments_agg_90d_fv: { entity: 'user', source: 'payments_agg_90d', features: { failed_payments_90d: 'Int64' } },
    support_agg_90d_fv: {
      entity: 'user',
      source: 'support_agg_90d',
      features: { support_tickets_90d: 'Int64', ticket_avg_resolution_hrs_90d: 'Float32' },
    },
  },
  featureServices: {
    churn_features: ['subs_profile_fv', 'usage_agg_30d_fv', 'payments_agg_90d_fv', 'support_agg_90d_fv'],
  },
  labels: { churn: { entity: 'user', source: 'labels', column: 'churn_label' } },
  models: {
    streamflow_churn: {
      experiment: 'streamflow',
      runName: 'rf_baseline_{as_of}',
      features: 'churn_features',
      label: 'churn',
      learner: { kind: 'random_forest', trees: 300, classWeight: 'balanced', maxFeatures: 'sqrt', seed: 42 },
      split: { testShare: 0.25, seed: 42 },
    },
  },
})
