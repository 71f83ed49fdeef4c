import type { Command } from 'commander'
import type { Run } from '../../tracking/tracking.ts'
import { printLink } from '../console-link.ts'
import { shortId, shownMs } from '../format.ts'
import { type CommonOptions, common, countOption } from '../options.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { experiment?: string; filter?: string; limit: number }

export function define(command: Command): void {
  command
    .option('--experiment <name>', 'only this experiment (default: all)')
    .option('--filter <text>', 'as MLflow has it, e.g. "metrics.val_auc > 0.8"')
    .option('--limit <n>', 'the newest n', countOption, 20)
  common(command, 'runs --filter "metrics.val_auc > 0.8"').action((options: Options) =>
    withApp(options, async (app, { out }) => {
      const { tracking } = app.mlflow
      const experiments = options.experiment
        ? [await tracking.experiments.getByName(options.experiment)]
        : (await tracking.experiments.search({ maxResults: 1000 })).rows
      const experimentIds = experiments.map((e) => e.experimentId)
      const request = { experimentIds, filter: options.filter, maxResults: options.limit }
      const { rows } = await tracking.runs.search(request)
      out.document(rows.map(documentOf))
      if (rows.length === 0) out.line('no runs')
      else
        out.table(
          ['run', 'experiment', 'status', 'started', 'val_auc', 'val_f1', 'val_acc', 'run id'],
          rows.map((run) => [
            run.name,
            experiments.find((e) => e.experimentId === run.experimentId)?.name,
            run.status,
            shownMs(run.startMs),
            metric(run, 'val_auc'),
            metric(run, 'val_f1'),
            metric(run, 'val_acc'),
            shortId(run.runId),
          ]),
        )
      const [only, ...others] = experimentIds
      const page = others.length === 0 && only !== undefined ? `/experiments/${only}` : '/experiments'
      if (app.project.tracking === null) await printLink(app, out, page)
    }),
  )
}

function metric(run: Run, key: string): number | null {
  return run.metrics.find((m) => m.key === key)?.value ?? null
}

/** As it was from the first version on: with the names that MLflow's own documents have. */
function documentOf({ runId, experimentId, userId, startMs, endMs, artifactUri, lifecycleStage, ...run }: Run): object {
  const datasets = run.inputs.map(({ dataset: { sourceType, ...dataset }, ...input }) => ({
    ...input,
    dataset: { ...dataset, source_type: sourceType },
  }))
  return {
    run_id: runId,
    experiment_id: experimentId,
    user_id: userId,
    start_ms: startMs,
    end_ms: endMs,
    artifact_uri: artifactUri,
    lifecycle_stage: lifecycleStage,
    ...run,
    metrics: run.metrics.map(({ timestampMs, ...metric }) => ({ ...metric, timestamp_ms: timestampMs })),
    inputs: datasets,
    models: {
      inputs: run.models.inputs.map(({ modelId }) => ({ model_id: modelId })),
      outputs: run.models.outputs.map(({ modelId, step }) => ({ model_id: modelId, step })),
    },
  }
}
