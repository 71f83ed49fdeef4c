/**
 * Generator: made-up months of the streamflow tables, for the demo and for tests where the real months are not there.
 *
 * Same files, columns, types, number formats and about the same distributions as the real ones; plan columns are empty
 * exactly where `net_service` is `No`. Customers and their subscriptions are the same in every month; what is counted
 * and who leaves is each month's own. Odd months have another reason to leave than even ones (see labels.ts), so that
 * a label belongs to its month and a model of January does not know February.
 *
 * The same arguments give the same bytes on every platform: one seeded generator, and only arithmetic that IEEE 754
 * rounds exactly (+ − × ÷ and square root; no log, exp, sin, pow). Owns no table, reads no file.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import { createPrng, seedFor } from '../base/prng.ts'
import { type Activity, drawActivity } from './activity.ts'
import { type Customer, drawCustomers } from './customers.ts'
import { labelCustomers } from './labels.ts'

export type GenerateOptions = {
  /** As many as the real months have when absent; at least 10. */
  customers?: number
  seed?: number
}

const CUSTOMERS = 7043
const SEED = 42

/** CSV texts by file name, as in one folder of the real months. `month` counts from 0. */
export function generateMonth({ month, customers = CUSTOMERS, seed = SEED }: GenerateOptions & { month: number }) {
  assert(Number.isInteger(month) && month >= 0, `month counts from 0, not ${month}`)
  assert(Number.isInteger(customers) && customers >= 10, `a month has at least 10 customers, not ${customers}`)
  const people = drawCustomers(createPrng(seedFor(seed, 0)), customers)
  // Each month has numbers of its own, so none has to be made before another.
  const prng = createPrng(seedFor(seed, month + 1))
  const activity = people.map((customer) => drawActivity(customer, month, prng))
  const labels = labelCustomers(people, activity, month, prng)
  return filesOf(people, activity, labels)
}

/** Writes the first `months` months into folders month_000, month_001 … of `dir`. */
export async function writeMonths(dir: string, months: number, options: GenerateOptions = {}): Promise<void> {
  for (let month = 0; month < months; month++) {
    const folder = join(dir, `month_${String(month).padStart(3, '0')}`)
    await mkdir(folder, { recursive: true })
    const files = Object.entries(generateMonth({ ...options, month }))
    await Promise.all(files.map(([name, text]) => writeFile(join(folder, name), text)))
  }
}

function filesOf(people: readonly Customer[], activity: readonly Activity[], labels: readonly boolean[]) {
  return {
    'users.csv': csv('user_id,signup_date,user_gender,user_is_senior,has_family,has_dependents', people, (c) => [
      c.userId,
      c.signupDate,
      c.gender,
      bool(c.isSenior),
      bool(c.hasFamily),
      bool(c.hasDependents),
    ]),
    'subscriptions.csv': csv(
      'user_id,months_active,plan_stream_tv,plan_stream_movies,contract_type,paperless_billing,monthly_fee,total_paid,net_service',
      people,
      (c) => [
        c.userId,
        c.monthsActive,
        bool(c.planTv),
        bool(c.planMovies),
        c.contract,
        bool(c.paperless),
        float(c.monthlyFee),
        float(c.totalPaid),
        c.netService,
      ],
    ),
    'usage_agg_30d.csv': csv(
      'user_id,watch_hours_30d,avg_session_mins_7d,unique_devices_30d,skips_7d,rebuffer_events_7d',
      people,
      (c, i) => {
        const a = activity[i]!
        return [c.userId, float(a.watchHours), float(a.sessionMins), a.devices, a.skips, a.rebuffers]
      },
    ),
    'payments_agg_90d.csv': csv('user_id,failed_payments_90d', people, (c, i) => [
      c.userId,
      activity[i]!.failedPayments,
    ]),
    'support_agg_90d.csv': csv('user_id,support_tickets_90d,ticket_avg_resolution_hrs_90d', people, (c, i) => [
      c.userId,
      activity[i]!.tickets,
      float(activity[i]!.resolutionHours),
    ]),
    'labels.csv': csv('user_id,churn_label', people, (c, i) => [c.userId, bool(labels[i]!)]),
  }
}

function csv(header: string, people: readonly Customer[], row: (customer: Customer, i: number) => (string | number)[]) {
  const lines = people.map((customer, i) => row(customer, i).join(','))
  return `${header}\n${lines.join('\n')}\n`
}

/** As Python writes them; null is an empty field. */
function bool(value: boolean | null): string {
  if (value === null) return ''
  return value ? 'True' : 'False'
}

function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
