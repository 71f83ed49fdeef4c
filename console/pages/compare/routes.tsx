import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { flagOf, type Given, listOf, numberOf, oneOf, textOf } from '../../search.ts'

export const COMPARE_TABS = ['table', 'curves', 'scatter', 'parallel', 'boxes', 'quality'] as const

export type CompareSearch = {
  runs?: string[]
  tab?: (typeof COMPARE_TABS)[number]
  /** Also what is the same in all runs. */
  all?: boolean
  x?: 'time'
  log?: boolean
  smooth?: number
  /** What the axes of the scatter are: `params.depth`, `metrics.loss`. */
  across?: string
  up?: string
  /** By what the boxes are grouped. */
  by?: string
}

const RUN_ID = /^[0-9a-f]{32}$/

/** MLflow's own links have the runs as JSON text, and each as text; commas are what people write. */
function runsOf(given: Given): string[] | undefined {
  const texts = (listOf(given, 'runs') ?? []).flatMap((text) => text.split(/[\s,"[\]]+/))
  const ids = [...new Set(texts.filter((text) => RUN_ID.test(text)))].slice(0, 100)
  return ids.length > 0 ? ids : undefined
}

function searchOf(given: Given): CompareSearch {
  const smooth = numberOf(given, 'smooth')
  const found: Record<keyof CompareSearch, unknown> = {
    runs: runsOf(given),
    tab: oneOf(given, 'tab', COMPARE_TABS),
    all: flagOf(given, 'all'),
    x: oneOf(given, 'x', ['time'] as const),
    log: flagOf(given, 'log'),
    smooth: smooth !== undefined && smooth > 0 && smooth < 1 ? smooth : undefined,
    across: textOf(given, 'across'),
    up: textOf(given, 'up'),
    by: textOf(given, 'by'),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as CompareSearch
}

const compareRuns = createRoute({
  getParentRoute: () => rootRoute,
  path: '/compare-runs',
  validateSearch: searchOf,
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const compareRoutes = [compareRuns] as const
