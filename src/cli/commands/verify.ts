import type { Command } from 'commander'
import { displayInstant } from '../../base/instant.ts'
import { displayValue } from '../../values/display.ts'
import { type CommonOptions, collect, common, countOption } from '../options.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { view?: string[]; sample: number }

const SHOWN = 20

export function define(command: Command): void {
  command
    .option('--view <name>', 'only this feature view (may be repeated)', collect)
    .option('--sample <count>', 'keys of each view to compare', countOption, 1000)
  common(command, 'verify --sample 1000').action((options: Options) =>
    withApp(options, async (app, { out }) => {
      const names = options.view ?? app.project.featureViews.map((view) => view.name)
      const found = []
      for (const name of names) found.push(await app.features.verify(name, options.sample))
      out.document(found)
      out.table(
        ['feature view', 'as of', 'keys compared', 'pushed since', 'differences'],
        found.map((v) => [v.view, v.asOf && displayInstant(v.asOf), v.checked, v.newer, v.differences.length]),
      )
      const shown = found.filter((v) => v.withdrawn.length > 0)
      for (const { view, withdrawn } of shown) {
        out.line(`${view} shows ${withdrawn.join(', ')}, withdrawn since; run: weir materialize --view ${view}`)
      }
      if (shown.length > 0) process.exitCode = 1
      const all = found.flatMap((v) => v.differences.map((d) => ({ view: v.view, ...d })))
      if (all.length === 0) return
      out.line()
      out.table(
        ['feature view', 'key', 'feature', 'live', 'offline'],
        all.slice(0, SHOWN).map((d) => {
          const view = app.project.featureViews.find(({ name }) => name === d.view)
          const type = view?.features.find(({ name }) => name === d.feature)?.type ?? 'String'
          return [d.view, d.key.join(', '), d.feature, displayValue(type, d.live), displayValue(type, d.offline)]
        }),
      )
      if (all.length > SHOWN) out.line(`… and ${all.length - SHOWN} more; --json prints all`)
      process.exitCode = 1
    }),
  )
}
