import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { flagOf, type Given, numberOf, oneOf, textOf } from '../../search.ts'

export const RUN_TABS = ['overview', 'curves', 'files', 'origin'] as const

export type RunSearch = {
  tab?: (typeof RUN_TABS)[number]
  /** Part of the names that are shown. */
  find?: string
  x?: 'time'
  log?: boolean
  smooth?: number
  /** The file that is looked at. */
  file?: string
  folder?: string
}

function searchOf(given: Given): RunSearch {
  const smooth = numberOf(given, 'smooth')
  const found: Record<keyof RunSearch, RunSearch[keyof RunSearch]> = {
    tab: oneOf(given, 'tab', RUN_TABS),
    find: textOf(given, 'find'),
    x: oneOf(given, 'x', ['time'] as const),
    log: flagOf(given, 'log'),
    smooth: smooth !== undefined && smooth > 0 && smooth < 1 ? smooth : undefined,
    file: textOf(given, 'file'),
    folder: textOf(given, 'folder'),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as RunSearch
}

const run = createRoute({
  getParentRoute: () => rootRoute,
  path: '/experiments/$experimentId/runs/$runId',
  validateSearch: searchOf,
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const runRoutes = [run] as const
