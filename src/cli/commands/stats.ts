import type { Command } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { FeatureStatistics, LiveRows } from '../../features/offline/statistics.ts'
import { displayValue } from '../../values/display.ts'
import { formatNumber, shownTime } from '../format.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import type { Cell } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { asOf?: Instant }

export function define(command: Command): void {
  command
    .argument('[view]', 'a feature view; without it: how fresh each of them is')
    .option('--as-of <date>', 'in the newest snapshot at or before it (default: the newest there is)', instantOption)
  common(command, 'stats subs_profile_fv --as-of 2024-01-31').action((view: string | undefined, options: Options) =>
    withApp(options, async (app, { out }) => {
      if (view === undefined) {
        const states = await app.features.viewStates()
        out.document(states)
        out.table(
          ['feature view', 'as of', 'materialized', 'rows', 'ttl'],
          states.map((s) => [
            s.view,
            s.validAt && displayInstant(s.validAt),
            s.materializedAt && shownTime(s.materializedAt),
            s.rows,
            s.ttlMs === null ? 'none' : `${s.ttlMs / 86_400_000} d`,
          ]),
        )
        return
      }
      const found = await app.features.statistics(view, options.asOf)
      out.document(found)
      out.line(`${found.snapshot}: ${formatNumber(found.rows)} rows${of(found.live)}`)
      out.table(
        ['feature', 'type', 'nulls', 'min', 'mean', 'max', 'distinct', 'distribution'],
        found.features.map(statisticsRow),
      )
    }),
  )
}

/** A Bool is not measured: how many are true stands in its distribution. */
export function statisticsRow(f: FeatureStatistics): Cell[] {
  const shown = (value: FeatureStatistics['min']) =>
    value === null || f.type === 'Bool' ? null : displayValue(f.type, value)
  return [
    f.name,
    f.type,
    f.nullShare === null ? null : `${(f.nullShare * 100).toFixed(1)} %`,
    shown(f.min),
    f.mean === null || f.type === 'Bool' ? null : Number(f.mean.toPrecision(5)),
    shown(f.max),
    f.distinct,
    distribution(f),
  ]
}

/** What is described is one delivery of changes: what is live is all of them. */
function of(live: LiveRows | null): string {
  return live === null
    ? ''
    : ` of this delivery of changes; all deliveries together have ${formatNumber(live.rows)} live`
}

function distribution({ quantiles, top }: FeatureStatistics): string {
  if (quantiles) {
    const of = (q: keyof typeof quantiles) => Number(Number(quantiles[q]).toPrecision(4))
    return `5 % ${of('p05')}, median ${of('p50')}, 95 % ${of('p95')}`
  }
  return (top ?? [])
    .slice(0, 3)
    .map((t) => `${t.value} ${formatNumber(t.count)}`)
    .join(', ')
}
