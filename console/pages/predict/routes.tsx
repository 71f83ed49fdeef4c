import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../root-route.tsx'
import { type Given, textOf } from '../../search.ts'

/** `set`: by feature, what was typed in its place. */
export type PredictSearch = {
  model?: string | undefined
  key?: string | undefined
  set?: Record<string, string> | undefined
}

const predict = createRoute({
  getParentRoute: () => rootRoute,
  path: '/predict',
  component: lazyRouteComponent(() => import('./page.tsx'), 'Page'),
  validateSearch: (given: Given): PredictSearch => ({
    model: textOf(given, 'model'),
    key: textOf(given, 'key') ?? keyObject(given.key),
    set: textsOf(given.set),
  }),
})

/** A key of several parts: the router reads its JSON by itself. */
function keyObject(key: unknown): string | undefined {
  return typeof key === 'object' && key !== null ? JSON.stringify(key) : undefined
}

function textsOf(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const texts = Object.entries(value).filter(([, text]) => ['string', 'number', 'boolean'].includes(typeof text))
  return texts.length === 0 ? undefined : Object.fromEntries(texts.map(([name, text]) => [name, String(text)]))
}

export const predictRoutes = [predict] as const
