import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createMetrics } from '../../src/monitoring/metrics.ts'

const OPS = fileURLToPath(new URL('../../ops/', import.meta.url))
const read = (path: string) => readFileSync(join(OPS, path), 'utf8')
const DASHBOARDS = readdirSync(join(OPS, 'grafana/dashboards'))

type Dashboard = { uid: string; panels: { title: string; datasource: { uid: string }; targets: { expr: string }[] }[] }
const dashboards = DASHBOARDS.map((file) => JSON.parse(read(`grafana/dashboards/${file}`)) as Dashboard)
const rules = (
  parse(read('prometheus/weir-alerts.yml')) as {
    groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[]
  }
).groups.flatMap((group) => group.rules)

/** Words of PromQL that are no metric, and labels. */
const WORDS = /^(sum|by|rate|increase|histogram_quantile|time|le|and|or|on|without|avg|max|min)$/
const OF_PROMETHEUS = ['up']

/** The names in a query: what stands in braces, brackets and behind `by` is none. */
function namesIn(expr: string): string[] {
  const bare = expr.replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"|\bby\s*\([^)]*\)/g, ' ')
  return [...new Set(bare.match(/[a-zA-Z_:][\w:]*/g) ?? [])].filter((word) => !WORDS.test(word))
}

function labelsIn(expr: string): [metric: string, label: string][] {
  return [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)].flatMap(([, metric, inner]) =>
    [...inner!.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]): [string, string] => [metric!, label!]),
  )
}

/** What a server says once it has answered something. */
async function told(): Promise<string> {
  const metrics = createMetrics({
    featureStates: async () => [{ view: 'v', materialized: true, validAt: '2024-01-31T00:00:00.000000Z', rows: 1 }],
  })
  const { default: fastify } = await import('fastify')
  const app = fastify()
  await app.register(metrics.plugin)
  app.post('/predict', { config: { model: 'm' } }, async () => 'ok')
  await app.inject({ method: 'POST', url: '/predict' })
  const { events } = metrics
  events.live('m', '1')
  events.loadFailed('m')
  for (const stage of ['queue', 'features', 'model'] as const) events.stage('m', stage, 1)
  events.predicted({ name: 'm', version: '1' }, 1)
  events.answered([
    { model: 'm', version: '1', arm: 'champion', error: null },
    { model: 'm', version: '1', arm: 'champion', error: 'not_found' },
  ] as never)
  return (await app.inject('/metrics')).body
}

const queries = [
  ...dashboards.flatMap(({ panels }) =>
    panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ),
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
]

describe('the files of ops/', () => {
  test('each query of a dashboard and of a rule names existing metrics, by labels that they have', async () => {
    const text = await told()
    const names = new Set([...text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{| )/gm)].map(([, name]) => name!))
    expect(queries.length).toBeGreaterThan(20)
    const faults = queries.flatMap(([title, expr]) => [
      ...(namesIn(expr).length === 0 ? [`${title}: no metric`] : []),
      ...namesIn(expr)
        .filter((name) => !names.has(name) && !OF_PROMETHEUS.includes(name))
        .map((name) => `${title}: ${name}`),
      ...labelsIn(expr)
        // Prometheus adds these itself.
        .filter(
          ([metric, label]) =>
            !['job', 'instance'].includes(label) && !new RegExp(`^${metric}\\{.*\\b${label}="`, 'm').test(text),
        )
        .map(([metric, label]) => `${title}: ${metric} has no label ${label}`),
    ])
    expect(faults).toEqual([])
  })

  test('what the stack before asked for is there: rate and mean of its names', () => {
    const all = queries.map(([, expr]) => expr).join('\n')
    expect(all).toContain('rate(api_requests_total[5m])')
    expect(all).toContain('rate(api_request_latency_seconds_sum[5m]) / rate(api_request_latency_seconds_count[5m])')
  })

  test('each panel reads the data source that is provisioned, from the folder that is provisioned', () => {
    const sources = parse(read('grafana/provisioning/datasources/weir.yml')) as {
      datasources: { uid: string; url: string }[]
    }
    expect(sources.datasources.map(({ uid, url }) => [uid, url])).toEqual([['weir', 'http://prometheus:9090']])
    for (const { panels } of dashboards) for (const { datasource } of panels) expect(datasource.uid).toBe('weir')
    expect(read('grafana/provisioning/dashboards/weir.yml')).toContain('/etc/grafana/dashboards')
  })

  test('Prometheus reads the rules, and each of them says what to do next', () => {
    const config = parse(read('prometheus/prometheus.yml')) as {
      rule_files: string[]
      scrape_configs: { metrics_path: string }[]
    }
    expect(config.rule_files).toEqual(['weir-alerts.yml'])
    expect(config.scrape_configs[0]!.metrics_path).toBe('/metrics')
    for (const { alert, annotations } of rules)
      expect([alert, annotations.next?.length]).toEqual([alert, expect.any(Number)])
  })
})
