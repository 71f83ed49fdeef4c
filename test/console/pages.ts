import type { Page } from 'playwright-core'

/** What the pages of one thing are about, in the home where the demo was done. */
export type Things = { experiment: string; runs: string[]; flow: string }

/** Every page of the console, with something on it. */
export const PAGES: { name: string; path: (of: Things) => string }[] = [
  { name: 'overview', path: () => '/' },
  { name: 'data', path: () => '/data' },
  { name: 'source', path: () => '/data/sources/subscriptions' },
  { name: 'snapshot', path: () => `/data/snapshots/${encodeURIComponent('subscriptions/2024-01-31/v1')}` },
  { name: 'two snapshots', path: () => '/data/compare' },
  { name: 'deliver', path: () => '/data/deliver' },
  { name: 'time machine', path: () => '/time' },
  { name: 'features', path: () => '/features' },
  { name: 'view', path: () => '/features/subs_profile_fv' },
  { name: 'entity', path: () => '/entities/user/7590-VHVEG' },
  { name: 'experiments', path: () => '/experiments' },
  { name: 'runs', path: ({ experiment }) => `/experiments/${experiment}` },
  { name: 'run', path: ({ experiment, runs }) => `/experiments/${experiment}/runs/${runs[0]}` },
  { name: 'compared runs', path: ({ runs }) => `/compare-runs?runs=${encodeURIComponent(JSON.stringify(runs))}` },
  { name: 'train', path: () => '/train' },
  { name: 'models', path: () => '/models' },
  { name: 'model', path: () => '/models/streamflow_churn' },
  { name: 'answers', path: () => '/models/streamflow_churn/predictions' },
  { name: 'model over time', path: () => '/models/streamflow_churn/timeline' },
  { name: 'version', path: () => '/models/streamflow_churn/versions/1' },
  { name: 'predict', path: () => '/predict' },
  { name: 'flows', path: () => '/flows' },
  { name: 'schedules', path: () => '/flows/schedules' },
  { name: 'flow', path: ({ flow }) => `/flows/${encodeURIComponent(flow)}` },
  { name: 'drift', path: () => '/watch/drift' },
  { name: 'lineage', path: () => '/lineage' },
  { name: 'tokens', path: () => '/settings/tokens' },
  { name: 'audit', path: () => '/settings/audit' },
  { name: 'storage', path: () => '/settings/storage' },
  { name: 'doctor', path: () => '/settings/doctor' },
  { name: 'sign-in', path: () => '/sign-in' },
]

export async function thingsOf(origin: string): Promise<Things> {
  const ask = async (path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const asked = body && { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(new URL(path, origin), asked)
    return (await answer.json()) as Answer
  }
  const { experiments = [] } = await ask('/api/2.0/mlflow/experiments/search', { max_results: 50 })
  const experiment_ids = experiments.map((one) => one.experiment_id)
  const { runs = [] } = await ask('/api/2.0/mlflow/runs/search', { experiment_ids, max_results: 2 })
  const { flows = [] } = await ask('/flows')
  return {
    experiment: runs[0]?.info.experiment_id ?? '0',
    runs: runs.map(({ info }) => info.run_id),
    flow: flows[0]?.id ?? 'none',
  }
}

type Answer = {
  experiments?: { experiment_id: string }[]
  runs?: { info: { run_id: string; experiment_id: string } }[]
  flows?: { id: string }[]
}

/** Opens it as a link from elsewhere would, and waits until nothing on it is loading any more. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.goto('about:blank')
  await page.goto(`/#${path}`)
  await settled(page)
}

export async function settled(page: Page): Promise<void> {
  await page.locator('main:has(h1):not(:has(.loading))').waitFor()
}
