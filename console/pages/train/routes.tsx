import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, textOf } from '../../search.ts'

/** The model and date that are filled in, and the training that is watched. */
export type TrainSearch = { model?: string; as_of?: string; watch?: string }

function searchOf(given: Given): TrainSearch {
  const names = ['model', 'as_of', 'watch'] as const
  const found = names.map((name) => [name, textOf(given, name)] as const)
  return Object.fromEntries(found.filter(([, value]) => value !== undefined))
}

const train = createRoute({
  getParentRoute: () => rootRoute,
  path: '/train',
  validateSearch: searchOf,
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
})

export const trainRoutes = [train] as const
