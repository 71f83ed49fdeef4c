import type { Command } from 'commander'
import type { App } from '../../app.ts'
import { instantOfMs } from '../../base/instant.ts'
import { shortId, shownTime } from '../format.ts'
import { type CommonOptions, common } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

export function define(command: Command): void {
  command.argument('[name]', 'show all versions of this model, and who moved them')
  common(command, 'models streamflow_churn').action((name: string | undefined, options: CommonOptions) =>
    withApp(options, async (app, { out }) => (name === undefined ? listModels(app, out) : showModel(app, name, out))),
  )
}

async function listModels({ mlflow: { registry } }: App, out: Output): Promise<void> {
  const models = await registry.listModels()
  out.document(models)
  if (models.length === 0) return out.line('no models yet; run: weir train MODEL --as-of DATE')
  out.table(
    ['model', 'newest in each stage', 'aliases'],
    models.map((m) => [
      m.name,
      m.latestVersions.map((v) => `${v.version} ${v.stage}`).join(', '),
      m.aliases.map((a) => `${a.alias} → ${a.version}`).join(', '),
    ]),
  )
}

async function showModel({ mlflow: { registry, tracking } }: App, name: string, out: Output): Promise<void> {
  await registry.getModel(name)
  const rows = await registry.versionsOf(name)
  const history = await registry.history(name)
  const runs = await Promise.all(rows.map(({ runId }) => (runId ? tracking.runs.get(runId) : undefined)))
  const auc = (i: number) => runs[i]?.metrics.find((m) => m.key === 'val_auc')?.value
  out.document({ name, versions: rows.map((row, i) => ({ ...row, metrics: runs[i]?.metrics ?? [] })), history })
  out.table(
    ['version', 'stage', 'aliases', 'val_auc', 'made', 'run'],
    rows.map((v, i) => [
      v.version,
      v.stage,
      v.aliases.join(', '),
      auc(i) === undefined ? null : Number(auc(i)),
      shownTime(instantOfMs(v.creationMs)),
      v.runId && shortId(v.runId),
    ]),
  )
  if (history.length === 0) return
  out.line()
  out.table(
    ['when', 'version', 'from', 'to', 'by', 'why'],
    history.map((t) => [shownTime(instantOfMs(t.atMs)), t.version, t.from, t.to, t.actor, t.comment]),
  )
}
