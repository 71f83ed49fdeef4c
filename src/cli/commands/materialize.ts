import type { Command } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { Materialized } from '../../features/materialize.ts'
import { type CommonOptions, collect, common, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { asOf?: Instant; view?: string[] }

export function define(command: Command): void {
  command
    .option('--as-of <date>', 'the newest moment at or before it (default: the newest there is)', instantOption)
    .option('--view <name>', 'only this feature view (may be repeated)', collect)
  common(command, 'materialize --as-of 2024-01-31').action((options: Options) =>
    withApp(options, async (app, { out }) => {
      const done = await app.features.materialize({ views: options.view, asOf: options.asOf })
      out.document(done)
      printMaterialized(done, out)
    }),
  )
}

export function printMaterialized(done: readonly Materialized[], out: Output): void {
  out.table(
    ['feature view', 'as of', 'rows', 'outcome'],
    done.map((m) => [m.view, m.validAt && displayInstant(m.validAt), m.rows, m.outcome]),
  )
}
