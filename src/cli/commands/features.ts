import type { Command } from 'commander'
import { displayInstant } from '../../base/instant.ts'
import { featuresAnswerJson } from '../../wire/features.ts'
import { type CommonOptions, common } from '../options.ts'
import { withApp } from '../with-app.ts'

export function define(command: Command): void {
  command.argument('<key>', 'the join key of the entity')
  common(command, 'features 7590-VHVEG').action((key: string, options: CommonOptions) =>
    withApp(options, async (app, { out }) => {
      const answer = await app.features.answer(key)
      out.document(featuresAnswerJson(answer))
      out.table(
        ['feature', 'value', 'status', 'as of'],
        answer.names.map((name, i) => {
          const timestamp = answer.eventTimestamps[i]
          return [name, String(answer.values[i]), answer.statuses[i], timestamp && displayInstant(timestamp)]
        }),
      )
    }),
  )
}
