import type { Command } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { Materialized } from '../../features/online/materialize.ts'
import { formatMs } from '../format.ts'
import { type CommonOptions, collect, common, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { asOf?: Instant; since?: Instant; view?: string[]; full?: boolean }

export function define(command: Command): void {
  command
    .option('--as-of <date>', 'the newest moment at or before it (default: the newest there is)', instantOption)
    .option('--since <date>', 'nothing that describes an earlier moment: with --as-of a window', instantOption)
    .option('--view <name>', 'only this feature view (may be repeated)', collect)
    .option('--full', 'bring everything again, also what was brought before')
  common(command, 'materialize --as-of 2024-01-31').action((options: Options) =>
    withApp(options, async (app, { out }) => {
      const { view: views, asOf, since, full } = options
      const done = await app.materialize(
        {
          ...(views ? { views } : {}),
          ...(asOf ? { asOf } : {}),
          ...(since ? { since } : {}),
          ...(full ? { full } : {}),
        },
        { onProgress: out.onProgress, onStep: (step) => out.progress(`${step.name}: ${formatMs(step.ms)}`) },
      )
      out.document(done)
      printMaterialized(done, out)
    }),
  )
}

export function printMaterialized(done: readonly Materialized[], out: Output): void {
  out.table(
    ['feature view', 'as of', 'rows', 'written', 'outcome'],
    done.map((m) => [m.view, m.validAt && displayInstant(m.validAt), m.rows, m.written, m.outcome]),
  )
}
