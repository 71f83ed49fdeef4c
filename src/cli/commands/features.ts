import type { Command } from 'commander'
import { displayInstant } from '../../base/instant.ts'
import { requireDefaultModel, requireModel } from '../../config/find.ts'
import { KEY_HELP, keyOfText } from '../../features/define/key-text.ts'
import { displayValue } from '../../values/display.ts'
import { featuresAnswerJson } from '../../wire/features.ts'
import { type CommonOptions, common } from '../options.ts'
import { withApp } from '../with-app.ts'

export function define(command: Command): void {
  command
    .argument('<key>', KEY_HELP)
    .option('--model <name>', "the features of this model (default: the only one, or the project's defaultModel)")
  common(command, 'features 7590-VHVEG').action((text: string, options: CommonOptions & { model?: string }) =>
    withApp(options, async (app, { out }) => {
      const model =
        options.model === undefined
          ? requireDefaultModel(app.project, (name) => `weir features KEY --model ${name}`)
          : requireModel(app.project, options.model)
      const service = app.features.service(model.featureService)
      const answer = await app.features.answer(keyOfText(service.keys, text), service.name)
      out.document(featuresAnswerJson(answer))
      const types = service.features.map((f) => f.type)
      out.table(
        ['feature', 'value', 'status', 'as of'],
        answer.names.map((name, i) => {
          const timestamp = answer.eventTimestamps[i]
          return [
            name,
            displayValue(types[i] ?? 'String', answer.values[i] ?? null),
            answer.statuses[i],
            timestamp && displayInstant(timestamp),
          ]
        }),
      )
    }),
  )
}
