import { createHashHistory, createRouter } from '@tanstack/react-router'
import { routeTree } from './routes.tsx'
import { NoPage } from './shell/no-page.tsx'

/**
 * Pages stand behind the hash: an address of a page never clashes with one of the API, works below any path of a proxy, and
 * is what MLflow's clients print (`/#/experiments/1/runs/…`).
 */
export const router = createRouter({
  routeTree,
  history: createHashHistory(),
  defaultPreload: 'intent',
  defaultNotFoundComponent: NoPage,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
