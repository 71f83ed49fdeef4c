import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { forget } from '../../pipelines/forget.ts'
import { parseExactJson } from '../../wire/exact-json.ts'
import { type CommonOptions, common } from '../options.ts'
import { formatNumber, shortDigest } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { reason: string; yes?: boolean }

export function define(command: Command): void {
  command
    .argument('<entity>', 'an entity of the project')
    .argument('<key>', 'its key; with several join keys a JSON object')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--yes', 'do it: it cannot be taken back')
  common(command, "forget user 7590-VHVEG --reason 'asked to, ticket 4711' --yes").action(
    (entity: string, key: string, options: Options) =>
      withApp(options, async (app, { out }) => {
        if (!options.yes) {
          const says = `this takes every row of ${entity} '${key}' out of the lake for good; add --yes to do it`
          throw new PlatformError('invalid_argument', says)
        }
        const actor = userInfo().username
        const done = await forget(app, { entity, key: parsed(key), actor, reason: options.reason })
        out.document(done)
        const rows = done.files.reduce((sum, f) => sum + f.removed, 0)
        out.line(`${formatNumber(rows)} rows taken out of ${done.files.length} files`)
        out.table(
          ['snapshot', 'rows removed', 'digest before', 'digest now'],
          done.files.map((f) => [f.snapshot, f.removed, shortDigest(f.before), shortDigest(f.after)]),
        )
        out.line(`live values of ${done.online.join(', ') || 'no view'}`)
        out.line(
          `kept training sets removed: ${done.datasets.length}; deliveries whose findings named it: ${done.deliveries}`,
        )
        out.line('Not looked into: artifacts of runs, and files outside of Weir.')
      }),
  )
}

function parsed(key: string): string | Record<string, unknown> {
  if (!key.startsWith('{')) return key
  try {
    return parseExactJson(key) as Record<string, unknown>
  } catch {
    throw new PlatformError('invalid_argument', `'${key}' is not a JSON object`)
  }
}
