import type { FastifyInstance } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import type { Column, ColumnCheck, Project, Source, TableCheck } from '../../config/project.ts'
import { suggestion } from '../../config/suggest.ts'
import { USUAL_FORMAT } from '../../config/usual-format.ts'
import type { Lake, SourceTotals } from '../../lake/lake.ts'
import { snapshotJson } from '../../wire/deliveries.ts'
import { shown } from '../../wire/limits.ts'
import { routeOptions } from '../../wire/route.ts'
import { type SourceAnswer, type SourceHead, sourceAnswer, sourceParam, sourcesAnswer } from '../../wire/snapshots.ts'
import type { Ingest } from '../ingest.ts'

type Deps = { ingest: Ingest; lake: Lake; project: Project }

/** `GET /sources /sources/{source}`. */
export function sourceRoutes(app: FastifyInstance, deps: Deps): void {
  const { project, lake } = deps
  const list = routeOptions({
    tag: 'data',
    summary: 'The sources: their newest month, and whether they are as they should be',
    answers: { 200: sourcesAnswer },
  })
  app.get('/sources', list, async () => {
    const totals = new Map((await lake.totals()).map((one) => [one.source, one]))
    const names = [...new Set([...project.sources.map((source) => source.name), ...totals.keys()])]
    return { sources: await headsOf(deps, names, totals) }
  })

  const one = routeOptions({
    tag: 'data',
    summary: 'One source: what is declared of it, and what there is',
    params: sourceParam,
    answers: { 200: sourceAnswer },
    errors: [404],
  })
  app.get<{ Params: { source: string } }>('/sources/:source', one, async ({ params }): Promise<SourceAnswer> => {
    const totals = new Map((await lake.totals()).map((total) => [total.source, total]))
    const source = project.sources.find(({ name }) => name === params.source)
    if (!source && !totals.has(params.source)) throw noSource(project, params.source)
    const [head] = await headsOf(deps, [params.source], totals)
    const named = head!.newest ? (await lake.recorded({ ids: [head!.newest.id] }))[0] : undefined
    return {
      ...head!,
      key: source?.key ?? named?.uniqueKey ?? [],
      columns: (source?.columns ?? named?.columns ?? []).map(({ name, type }) => ({ name, type })),
      checks: source ? checksOf(source) : [],
      format: source ? unusual(source) : {},
      views: project.featureViews.filter((view) => view.source === params.source).map((view) => view.name),
      labels: project.labels.filter((label) => label.source === params.source).map((label) => label.name),
    }
  })
}

function noSource(project: Project, name: string): PlatformError {
  const names = project.sources.map((source) => source.name)
  return new PlatformError('not_found', `there is no source ${shown(name)} in the project${suggestion(name, names)}`)
}

async function headsOf(
  { ingest, lake, project }: Deps,
  names: readonly string[],
  totals: ReadonlyMap<string, SourceTotals>,
): Promise<SourceHead[]> {
  const seqs = names.flatMap((name) => totals.get(name)?.newest ?? [])
  const newest = new Map((await lake.recorded({ seqs })).map((snapshot) => [snapshot.source, snapshot]))
  const heads: SourceHead[] = []
  for (const name of names) {
    const source = project.sources.find((one) => one.name === name)
    const total = totals.get(name)
    const snapshot = newest.get(name)
    const [last] = await ingest.deliveries({ source: name, limit: 1 })
    const errors = last?.findings.filter((finding) => finding.severity === 'error').length ?? 0
    heads.push({
      name,
      kind: source?.kind ?? null,
      file: source && source.postgres === null ? source.file : null,
      state: stateOf({ declared: source !== undefined, refused: last?.state === 'refused', total }),
      newest: snapshot ? snapshotJson(snapshot) : null,
      moments: total?.moments ?? 0,
      snapshots: total?.snapshots ?? 0,
      corrections: total?.corrections ?? 0,
      withdrawn: total?.withdrawn ?? 0,
      rows: total?.rows ?? 0,
      bytes: total?.bytes ?? 0,
      last_delivery: last
        ? {
            ...{ id: last.id, as_of: last.asOf, state: last.state, finished_at: last.finishedAt },
            ...{ errors, warnings: last.findings.length - errors },
          }
        : null,
    })
  }
  return heads
}

type Known = { declared: boolean; refused: boolean; total: SourceTotals | undefined }

function stateOf({ declared, refused, total }: Known): SourceHead['state'] {
  if (!declared) return 'undeclared'
  if (refused) return 'refused'
  if (total === undefined) return 'empty'
  return total.lastWithdrawn ? 'withdrawn' : 'fine'
}

function checksOf(source: Source): SourceAnswer['checks'] {
  const ofTable = source.checks.map((check) => {
    const { rule, severity } = check
    return { rule, column: null, severity, says: tableSays(check) }
  })
  const ofColumns = source.columns.flatMap(({ name, checks }: Column) =>
    checks.map((check) => ({ rule: check.rule, column: name, severity: check.severity, says: columnSays(check) })),
  )
  return [...ofTable, ...ofColumns]
}

function tableSays(check: TableCheck): string | null {
  if (check.rule === 'same_keys_as') return check.source
  return check.rule === 'row_count_change' ? `± ${Number((check.share * 100).toPrecision(6))} %` : null
}

const VALUES_SHOWN = 20

function columnSays(check: ColumnCheck): string | null {
  if (check.rule === 'range') return `${check.min ?? '-∞'} … ${check.max ?? '∞'}`
  if (check.rule === 'pattern') return check.pattern
  if (check.rule === 'allowed') return listed(check.values)
  return check.rule === 'null_only_when' ? `${check.column}: ${listed(check.values)}` : null
}

function listed(values: readonly unknown[]): string {
  return `${values.slice(0, VALUES_SHOWN).join(', ')}${values.length > VALUES_SHOWN ? ', …' : ''}`
}

function unusual({ format }: Source): Record<string, unknown> {
  const usual: Record<string, unknown> = USUAL_FORMAT
  const differs = ([name, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(usual[name])
  return Object.fromEntries(Object.entries(format).filter(differs))
}
